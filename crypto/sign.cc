#include "crypto/sign.h"

#include <sodium.h>

#include <algorithm>
#include <cstdlib>

#include "base/status.h"
#include "crypto/sodium.h"

namespace sotto::crypto {

SigningKey SigningKey::Generate(Rng& rng) {
  Secret<32> seed;
  rng.Fill(seed.RevealMutable());
  return FromSeed(seed);
}

SigningKey SigningKey::FromSeed(const Secret<32>& seed) {
  EnsureSodium();
  SigningKey key;
  key.seed_ = seed.Clone();
  if (crypto_sign_seed_keypair(key.public_key_.data(),
                               key.expanded_.RevealMutable().data(),
                               seed.Reveal().data()) != 0) {
    std::abort();
  }
  return key;
}

Signature SigningKey::Sign(ByteView message) const {
  EnsureSodium();
  Signature signature;
  if (crypto_sign_detached(signature.data(), nullptr, message.data(),
                           message.size(), expanded_.Reveal().data()) != 0) {
    std::abort();
  }
  return signature;
}

absl::Status Verify(const PublicKey& key, ByteView message,
                    ByteView signature) {
  EnsureSodium();
  if (signature.size() != crypto_sign_BYTES ||
      crypto_sign_verify_detached(signature.data(), message.data(),
                                  message.size(), key.data()) != 0) {
    return absl::PermissionDeniedError(
        absl::StrFormat("signature does not verify under key %s…",
                        HexEncode(ByteView(key).first(4))));
  }
  return absl::OkStatus();
}

absl::StatusOr<PublicKey> ParsePublicKey(ByteView bytes,
                                         std::string_view what) {
  PublicKey key;
  if (bytes.size() != key.size()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s has %d bytes, expected 32", std::string(what),
                        static_cast<int>(bytes.size())));
  }
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}

absl::StatusOr<PublicKey> ParsePublicKeyHex(std::string_view hex,
                                            std::string_view what) {
  const absl::StatusOr<Bytes> bytes = HexDecode(hex);
  if (!bytes.ok()) return Annotate(bytes.status(), std::string(what));
  return ParsePublicKey(*bytes, what);
}

}  // namespace sotto::crypto
