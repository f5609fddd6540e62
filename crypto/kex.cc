#include "crypto/kex.h"

#include <sodium.h>

#include <cstdlib>

#include "crypto/sodium.h"

namespace sotto::crypto {

X25519Key X25519Key::Generate(Rng& rng) {
  Secret<32> scalar;
  rng.Fill(scalar.RevealMutable());
  return FromBytes(scalar);
}

X25519Key X25519Key::FromBytes(const Secret<32>& scalar) {
  EnsureSodium();
  X25519Key key;
  key.scalar_ = scalar.Clone();
  if (crypto_scalarmult_curve25519_base(key.public_key_.data(),
                                        scalar.Reveal().data()) != 0) {
    std::abort();
  }
  return key;
}

absl::StatusOr<Secret<32>> X25519Key::Agree(const X25519PublicKey& peer) const {
  EnsureSodium();
  Secret<32> shared;
  // libsodium reports an all-zero result as an error.
  if (crypto_scalarmult_curve25519(shared.RevealMutable().data(),
                                   scalar_.Reveal().data(), peer.data()) != 0) {
    return absl::InvalidArgumentError(
        "key agreement: the peer's public key has small order");
  }
  return shared;
}

}  // namespace sotto::crypto
