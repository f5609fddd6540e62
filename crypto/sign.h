// Ed25519 (RFC 8032): identities, manifests, metadata, grants.

#ifndef SOTTO_CRYPTO_SIGN_H_
#define SOTTO_CRYPTO_SIGN_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/rng.h"
#include "crypto/secret.h"

namespace sotto::crypto {

using PublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

// Immutable; Sign is thread-safe.
class SigningKey {
 public:
  static SigningKey Generate(Rng& rng);
  // The 32-byte private seed of RFC 8032 section 5.1.5.
  static SigningKey FromSeed(const Secret<32>& seed);

  SigningKey(SigningKey&&) noexcept = default;
  SigningKey& operator=(SigningKey&&) noexcept = default;

  const PublicKey& public_key() const { return public_key_; }
  const Secret<32>& seed() const { return seed_; }
  Signature Sign(ByteView message) const;
  SigningKey Clone() const { return FromSeed(seed_); }

 private:
  SigningKey() = default;

  Secret<32> seed_;
  Secret<64> expanded_;
  PublicKey public_key_ = {};
};

// PERMISSION_DENIED: the signature is not that of `key` over `message`, has
// another length than 64, or the key is of small order.
absl::Status Verify(const PublicKey& key, ByteView message, ByteView signature);

// INVALID_ARGUMENT names `what` when there are not exactly 32 bytes, or 64 hex
// digits.
absl::StatusOr<PublicKey> ParsePublicKey(ByteView bytes, std::string_view what);
absl::StatusOr<PublicKey> ParsePublicKeyHex(std::string_view hex,
                                            std::string_view what);

}  // namespace sotto::crypto

#endif  // SOTTO_CRYPTO_SIGN_H_
