// X25519 key agreement (RFC 7748).

#ifndef SOTTO_CRYPTO_KEX_H_
#define SOTTO_CRYPTO_KEX_H_

#include <array>
#include <cstdint>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/rng.h"
#include "crypto/secret.h"

namespace sotto::crypto {

using X25519PublicKey = std::array<std::uint8_t, 32>;

// Immutable; Agree is thread-safe.
class X25519Key {
 public:
  static X25519Key Generate(Rng& rng);
  static X25519Key FromBytes(const Secret<32>& scalar);

  X25519Key(X25519Key&&) noexcept = default;
  X25519Key& operator=(X25519Key&&) noexcept = default;

  const X25519PublicKey& public_key() const { return public_key_; }
  const Secret<32>& scalar() const { return scalar_; }

  // INVALID_ARGUMENT: `peer` has small order, so the result would be all zero.
  absl::StatusOr<Secret<32>> Agree(const X25519PublicKey& peer) const;

 private:
  X25519Key() = default;

  Secret<32> scalar_;
  X25519PublicKey public_key_ = {};
};

}  // namespace sotto::crypto

#endif  // SOTTO_CRYPTO_KEX_H_
