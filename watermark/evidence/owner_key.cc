#include "watermark/evidence/owner_key.h"

#include <cstring>

#include "base/codec.h"
#include "crypto/hkdf.h"

namespace sotto::watermark {
namespace {

crypto::Secret<32> DeriveFrom(const crypto::Secret<32>& secret,
                              std::string_view label, ByteView salt) {
  const Bytes info =
      Encoder("sotto/watermark-key-schedule/v1").Text(label).bytes();
  return crypto::HkdfKey(secret.Reveal(), salt, info);
}

}  // namespace

OwnerKey OwnerKey::Generate(crypto::Rng& rng) {
  crypto::Secret<32> secret;
  rng.Fill(secret.RevealMutable());
  return FromSecret(std::move(secret));
}

OwnerKey OwnerKey::FromSecret(crypto::Secret<32> secret) {
  auto signing_key =
      crypto::SigningKey::FromSeed(DeriveFrom(secret, "owner.signature", {}));
  return OwnerKey(std::move(secret), std::move(signing_key));
}

crypto::Secret<32> OwnerKey::Derive(std::string_view label,
                                    ByteView salt) const {
  return DeriveFrom(secret_, label, salt);
}

crypto::Sha256Digest OwnerKey::Commitment(
    const crypto::Sha256Digest& model_digest) const {
  const crypto::Secret<32> salt = Derive("commitment.salt", model_digest);
  Encoder encoder("sotto/watermark-commitment/v1");
  encoder.Octets(secret_.Reveal()).Octets(salt.Reveal());
  Bytes opened = std::move(encoder).Take();
  const crypto::Sha256Digest digest = crypto::Sha256(opened);
  crypto::Wipe(opened);
  return digest;
}

crypto::Sha256Digest ArchitectureDigest(const runtime::Model& model) {
  return crypto::Sha256(runtime::ArchitectureBytes(model));
}

crypto::Sha256Digest ModelDigest(const runtime::Model& model) {
  const std::vector<float> weights = runtime::FlatWeights(model);
  Bytes raw(weights.size() * sizeof(float));
  if (!raw.empty()) std::memcpy(raw.data(), weights.data(), raw.size());
  return crypto::Sha256(Encoder("sotto/watermark-model/v1")
                            .Octets(runtime::ArchitectureBytes(model))
                            .Octets(raw)
                            .bytes());
}

}  // namespace sotto::watermark
