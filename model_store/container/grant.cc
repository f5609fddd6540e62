#include "model_store/container/grant.h"

#include <algorithm>

#include "base/codec.h"
#include "base/status.h"
#include "flatbuffers/flatbuffers.h"
#include "proto/container/grant_generated.h"

namespace sotto::model_store {
namespace {

constexpr std::uint16_t kGrantVersion = 1;
constexpr char kGrantInfo[] = "mseal1 grant";
constexpr char kEscrowInfo[] = "mseal1 escrow";

// Every field before kem_id: the associated data of the sealed key.
Bytes TermsBytes(const GrantTerms& t) {
  Encoder e("sotto/grant/v1");
  e.U16(kGrantVersion).Octets(t.container_digest).U64(t.release_counter);
  e.Octets(t.device_id).U32(t.key_epoch).I64(t.not_before_ms);
  e.I64(t.not_after_ms);
  return std::move(e).Take();
}

Bytes SignedBytes(const GrantTerms& t, std::uint16_t kem, ByteView enc,
                  ByteView ct) {
  Encoder e("sotto/grant-signature/v1");
  e.Octets(TermsBytes(t)).U16(kem).Octets(enc).Octets(ct);
  return std::move(e).Take();
}

using Field = flatbuffers::Vector<std::uint8_t>;

ByteView ViewOf(const Field* field) {
  if (field == nullptr) return {};
  return {field->data(), field->size()};
}

std::vector<std::uint8_t> Vec(ByteView bytes) {
  return {bytes.begin(), bytes.end()};
}

absl::StatusOr<FileKey> KeyFrom(const crypto::SecretBytes& bytes) {
  if (bytes.size() != 16) {
    return absl::DataLossError("the sealed content key is not 16 bytes");
  }
  return FileKey::FromBytes(bytes.Reveal().first<16>());
}

}  // namespace

absl::StatusOr<Bytes> MakeGrant(const GrantTerms& terms,
                                const FileKey& file_key, crypto::HpkeKem kem,
                                ByteView device_kem_key,
                                const crypto::SigningKey& broker,
                                crypto::Rng& rng) {
  SOTTO_ASSIGN_OR_RETURN(
      const crypto::HpkeSealed sealed,
      crypto::HpkeSeal(kem, device_kem_key, AsBytes(kGrantInfo),
                       TermsBytes(terms), file_key.Reveal(), rng));
  const auto kem_id = static_cast<std::uint16_t>(kem);
  const auto signature =
      Vec(broker.Sign(SignedBytes(terms, kem_id, sealed.enc, sealed.ct)));
  const auto digest = Vec(terms.container_digest),
             device = Vec(terms.device_id);
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(container::CreateGrantDirect(
      builder, kGrantVersion, &digest, terms.release_counter, &device,
      terms.key_epoch, terms.not_before_ms, terms.not_after_ms, kem_id,
      &sealed.enc, &sealed.ct, &signature));
  return Bytes(builder.GetBufferPointer(),
               builder.GetBufferPointer() + builder.GetSize());
}

absl::StatusOr<FileKey> OpenGrant(ByteView unaligned,
                                  const GrantExpectation& expected,
                                  const crypto::HpkeKeyPair& device_key) {
  const Bytes grant(unaligned.begin(), unaligned.end());
  flatbuffers::Verifier verifier(grant.data(), grant.size(), 8, 64);
  if (grant.size() < 8 || !verifier.VerifyBuffer<container::Grant>(nullptr)) {
    return absl::InvalidArgumentError("grant: malformed");
  }
  const auto* table = flatbuffers::GetRoot<container::Grant>(grant.data());
  if (table->version() != kGrantVersion) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "grant: version %d, this build reads 1", table->version()));
  }
  GrantTerms terms;
  const ByteView digest = ViewOf(table->container_digest());
  const ByteView device = ViewOf(table->device_id());
  if (digest.size() != terms.container_digest.size() ||
      device.size() != terms.device_id.size()) {
    return absl::InvalidArgumentError("grant: a field has a wrong length");
  }
  std::ranges::copy(digest, terms.container_digest.begin());
  std::ranges::copy(device, terms.device_id.begin());
  terms.release_counter = table->release_counter();
  terms.key_epoch = table->key_epoch();
  terms.not_before_ms = table->not_before_ms();
  terms.not_after_ms = table->not_after_ms();
  SOTTO_ASSIGN_OR_RETURN(const crypto::HpkeKem kem,
                         crypto::ParseHpkeKem(table->kem_id()));
  const ByteView enc = ViewOf(table->enc()), ct = ViewOf(table->ct());
  if (!crypto::Verify(expected.broker,
                      SignedBytes(terms, table->kem_id(), enc, ct),
                      ViewOf(table->signature()))
           .ok()) {
    return absl::PermissionDeniedError(
        "grant: the broker's signature does not verify");
  }
  if (terms.container_digest != expected.container_digest) {
    return absl::PermissionDeniedError("grant: it is for another container");
  }
  if (terms.device_id != expected.device_id) {
    return absl::PermissionDeniedError("grant: it is for another device");
  }
  const std::int64_t now = expected.now.time_since_epoch().count();
  if (now < terms.not_before_ms || now >= terms.not_after_ms) {
    return absl::PermissionDeniedError(
        "grant: it has expired or is not valid yet; ask for a new one");
  }
  SOTTO_ASSIGN_OR_RETURN(
      const crypto::SecretBytes key,
      crypto::HpkeOpen(kem, device_key, enc, AsBytes(kGrantInfo),
                       TermsBytes(terms), ct));
  return KeyFrom(key);
}

absl::StatusOr<Bytes> MakeEscrow(const crypto::Sha256Digest& container_digest,
                                 const FileKey& file_key,
                                 const crypto::X25519PublicKey& broker,
                                 crypto::Rng& rng) {
  SOTTO_ASSIGN_OR_RETURN(
      const crypto::HpkeSealed sealed,
      crypto::HpkeSeal(crypto::HpkeKem::kX25519, broker, AsBytes(kEscrowInfo),
                       container_digest, file_key.Reveal(), rng));
  Bytes out = sealed.enc;
  out.insert(out.end(), sealed.ct.begin(), sealed.ct.end());
  return out;
}

absl::StatusOr<FileKey> OpenEscrow(ByteView escrow,
                                   const crypto::Sha256Digest& container_digest,
                                   const crypto::X25519Key& broker) {
  constexpr std::size_t kEnc = 32;
  if (escrow.size() < kEnc) {
    return absl::DataLossError("escrow: cut short");
  }
  crypto::HpkeKeyPair pair;
  pair.private_key = crypto::SecretBytes::FromBytes(broker.scalar().Reveal());
  pair.public_key.assign(broker.public_key().begin(),
                         broker.public_key().end());
  const auto key = crypto::HpkeOpen(crypto::HpkeKem::kX25519, pair,
                                    escrow.first(kEnc), AsBytes(kEscrowInfo),
                                    container_digest, escrow.subspan(kEnc));
  if (!key.ok()) {
    return absl::DataLossError(
        "escrow: made for another broker or container, or damaged");
  }
  return KeyFrom(*key);
}

}  // namespace sotto::model_store
