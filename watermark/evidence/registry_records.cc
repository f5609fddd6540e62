#include "watermark/evidence/registry_records.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/status.h"

namespace sotto::watermark {
namespace {

constexpr char kRecordTag[] = "sotto/watermark-record/v1";
constexpr char kCommitmentTag[] = "sotto/watermark-commit/v1";
constexpr char kNonceTag[] = "sotto/watermark-nonce/v1";
constexpr char kAttestationTag[] = "sotto/watermark-attest/v1";
constexpr std::size_t kSignatureBytes = 64;

absl::StatusOr<std::array<std::uint8_t, 32>> Octets32(Decoder& decoder,
                                                      std::string_view field) {
  SOTTO_ASSIGN_OR_RETURN(const ByteView bytes, decoder.Octets(field));
  if (bytes.size() != 32) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s has %d bytes, expected 32", std::string(field),
                        static_cast<int>(bytes.size())));
  }
  std::array<std::uint8_t, 32> value;
  std::ranges::copy(bytes, value.begin());
  return value;
}

// The owner's signature follows what it signs.
Bytes WithSignature(Bytes bytes, const OwnerKey& owner) {
  const crypto::Signature signature = owner.signing_key().Sign(bytes);
  bytes.insert(bytes.end(), signature.begin(), signature.end());
  return bytes;
}

absl::StatusOr<ByteView> Unsigned(ByteView body) {
  if (body.size() < kSignatureBytes) {
    return absl::InvalidArgumentError("its owner's signature is cut off");
  }
  return body.first(body.size() - kSignatureBytes);
}

absl::Status CheckOwner(ByteView body, const crypto::PublicKey& owner) {
  SOTTO_ASSIGN_OR_RETURN(const ByteView content, Unsigned(body));
  return Annotate(crypto::Verify(owner, content, body.last(kSignatureBytes)),
                  "its owner's signature");
}

}  // namespace

Bytes EncodeRecord(const RecordFrame& frame) {
  return Encoder(kRecordTag)
      .U64(frame.number)
      .Octets(frame.previous)
      .I64(frame.time_ms)
      .Octets(frame.body)
      .bytes();
}

absl::StatusOr<RecordFrame> DecodeRecord(ByteView bytes) {
  Decoder decoder(bytes);
  RecordFrame frame;
  SOTTO_RETURN_IF_ERROR(decoder.Tag(kRecordTag));
  SOTTO_ASSIGN_OR_RETURN(frame.number, decoder.U64("number"));
  SOTTO_ASSIGN_OR_RETURN(frame.previous, Octets32(decoder, "previous hash"));
  SOTTO_ASSIGN_OR_RETURN(frame.time_ms, decoder.I64("time"));
  SOTTO_ASSIGN_OR_RETURN(frame.body, decoder.Octets("body"));
  SOTTO_RETURN_IF_ERROR(decoder.Finish());
  return frame;
}

RecordKind KindOf(ByteView body) {
  if (Decoder(body).Tag(kCommitmentTag).ok()) return RecordKind::kCommitment;
  if (Decoder(body).Tag(kNonceTag).ok()) return RecordKind::kNonce;
  if (Decoder(body).Tag(kAttestationTag).ok()) return RecordKind::kAttestation;
  return RecordKind::kUnknown;
}

Bytes EncodeCommitment(const Registration& registration,
                       const OwnerKey& owner) {
  return WithSignature(Encoder(kCommitmentTag)
                           .Octets(registration.owner)
                           .Octets(registration.architecture)
                           .Octets(registration.model)
                           .Octets(registration.commitment)
                           .U32(registration.strength_millionths)
                           .U32(registration.epsilon_e12)
                           .bytes(),
                       owner);
}

absl::StatusOr<Registration> DecodeCommitment(ByteView body) {
  SOTTO_ASSIGN_OR_RETURN(const ByteView content, Unsigned(body));
  Decoder decoder(content);
  Registration registration;
  SOTTO_RETURN_IF_ERROR(decoder.Tag(kCommitmentTag));
  SOTTO_ASSIGN_OR_RETURN(registration.owner, Octets32(decoder, "owner"));
  SOTTO_ASSIGN_OR_RETURN(registration.architecture,
                         Octets32(decoder, "architecture"));
  SOTTO_ASSIGN_OR_RETURN(registration.model, Octets32(decoder, "model"));
  SOTTO_ASSIGN_OR_RETURN(registration.commitment,
                         Octets32(decoder, "commitment"));
  SOTTO_ASSIGN_OR_RETURN(registration.strength_millionths,
                         decoder.U32("strength"));
  SOTTO_ASSIGN_OR_RETURN(registration.epsilon_e12, decoder.U32("epsilon"));
  SOTTO_RETURN_IF_ERROR(decoder.Finish());
  SOTTO_RETURN_IF_ERROR(CheckOwner(body, registration.owner));
  return registration;
}

Bytes EncodeNonce(const NonceRecord& record) {
  return Encoder(kNonceTag)
      .U64(record.registration)
      .Octets(record.nonce)
      .bytes();
}

absl::StatusOr<NonceRecord> DecodeNonce(ByteView body) {
  Decoder decoder(body);
  NonceRecord record;
  SOTTO_RETURN_IF_ERROR(decoder.Tag(kNonceTag));
  SOTTO_ASSIGN_OR_RETURN(record.registration, decoder.U64("registration"));
  SOTTO_ASSIGN_OR_RETURN(record.nonce, Octets32(decoder, "nonce"));
  SOTTO_RETURN_IF_ERROR(decoder.Finish());
  return record;
}

Bytes EncodeAttestation(const AttestationRecord& record,
                        const OwnerKey& owner) {
  return WithSignature(Encoder(kAttestationTag)
                           .U64(record.registration)
                           .Octets(record.marked)
                           .bytes(),
                       owner);
}

absl::StatusOr<AttestationRecord> DecodeAttestation(ByteView body) {
  SOTTO_ASSIGN_OR_RETURN(const ByteView content, Unsigned(body));
  Decoder decoder(content);
  AttestationRecord record;
  SOTTO_RETURN_IF_ERROR(decoder.Tag(kAttestationTag));
  SOTTO_ASSIGN_OR_RETURN(record.registration, decoder.U64("registration"));
  SOTTO_ASSIGN_OR_RETURN(record.marked, Octets32(decoder, "marked model"));
  SOTTO_RETURN_IF_ERROR(decoder.Finish());
  return record;
}

absl::Status CheckAttestation(ByteView body, const crypto::PublicKey& owner) {
  return CheckOwner(body, owner);
}

}  // namespace sotto::watermark
