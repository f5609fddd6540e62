#include "watermark/evidence/registry.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/status.h"
#include "watermark/evidence/registry_records.h"

namespace sotto::watermark {
namespace {

constexpr char kFileTag[] = "sotto/watermark-registry/v1";

absl::Status OfRecord(const absl::Status& status, std::uint64_t number) {
  return Annotate(status, absl::StrFormat("registry record %d",
                                          static_cast<std::int64_t>(number)));
}

}  // namespace

bool Registration::OpensWith(const OwnerKey& key) const {
  return key.public_key() == owner && key.Commitment(model) == commitment;
}

absl::StatusOr<Registry> Registry::Parse(ByteView bytes) {
  Decoder decoder(bytes);
  if (!decoder.Tag(kFileTag).ok()) {
    return absl::InvalidArgumentError("not a watermark registry");
  }
  SOTTO_ASSIGN_OR_RETURN(const ByteView key, decoder.Octets("registry key"));
  SOTTO_ASSIGN_OR_RETURN(const crypto::PublicKey parsed,
                         crypto::ParsePublicKey(key, "registry key"));
  Registry registry(parsed);
  while (!decoder.Finish().ok()) {
    const std::uint64_t number = registry.num_records();
    const auto record = decoder.Octets("record");
    if (!record.ok()) return OfRecord(record.status(), number);
    const auto signature = decoder.Octets("signature");
    if (!signature.ok()) return OfRecord(signature.status(), number);
    SOTTO_RETURN_IF_ERROR(
        OfRecord(crypto::Verify(parsed, *record, *signature), number));
    SOTTO_RETURN_IF_ERROR(OfRecord(registry.Apply(*record), number));
    Record kept = {.bytes = {record->begin(), record->end()}, .signature = {}};
    std::ranges::copy(*signature, kept.signature.begin());
    registry.records_.push_back(std::move(kept));
  }
  return registry;
}

Bytes Registry::Serialize() const {
  Encoder encoder(kFileTag);
  encoder.Octets(key_);
  for (const Record& record : records_) {
    encoder.Octets(record.bytes).Octets(record.signature);
  }
  return std::move(encoder).Take();
}

absl::Status Registry::Apply(ByteView bytes) {
  SOTTO_ASSIGN_OR_RETURN(const RecordFrame frame, DecodeRecord(bytes));
  if (frame.number != num_records()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "it calls itself number %d", static_cast<std::int64_t>(frame.number)));
  }
  if (frame.previous != head_) {
    return absl::DataLossError("it does not follow the record before it");
  }
  if (frame.time_ms < last_time_ms_) {
    return absl::InvalidArgumentError("it is older than the record before it");
  }
  switch (KindOf(frame.body)) {
    case RecordKind::kCommitment:
      SOTTO_RETURN_IF_ERROR(ApplyCommitment(frame.body, frame.time_ms));
      break;
    case RecordKind::kNonce:
      SOTTO_RETURN_IF_ERROR(ApplyNonce(frame.body, frame.time_ms));
      break;
    case RecordKind::kAttestation:
      SOTTO_RETURN_IF_ERROR(ApplyAttestation(frame.body));
      break;
    case RecordKind::kUnknown:
      return absl::InvalidArgumentError("its kind is unknown");
  }
  head_ = crypto::Sha256(bytes);
  last_time_ms_ = frame.time_ms;
  return absl::OkStatus();
}

absl::Status Registry::ApplyCommitment(ByteView body, std::int64_t time_ms) {
  SOTTO_ASSIGN_OR_RETURN(Registration registration, DecodeCommitment(body));
  registration.number = num_records();
  registration.time_ms = time_ms;
  registrations_.push_back(std::move(registration));
  return absl::OkStatus();
}

absl::Status Registry::ApplyNonce(ByteView body, std::int64_t time_ms) {
  SOTTO_ASSIGN_OR_RETURN(const NonceRecord record, DecodeNonce(body));
  Registration* registration = FindMutable(record.registration);
  if (registration == nullptr) {
    return absl::FailedPreconditionError("its registration does not exist");
  }
  if (registration->nonce.has_value()) {
    return absl::FailedPreconditionError("its registration has a nonce");
  }
  registration->nonce = record.nonce;
  registration->nonce_time_ms = time_ms;
  return absl::OkStatus();
}

absl::Status Registry::ApplyAttestation(ByteView body) {
  SOTTO_ASSIGN_OR_RETURN(const AttestationRecord record,
                         DecodeAttestation(body));
  Registration* registration = FindMutable(record.registration);
  if (registration == nullptr || !registration->nonce.has_value()) {
    return absl::FailedPreconditionError(
        "its registration does not exist or has no nonce yet");
  }
  SOTTO_RETURN_IF_ERROR(CheckAttestation(body, registration->owner));
  registration->marked.push_back(record.marked);
  return absl::OkStatus();
}

absl::Status Registry::Append(const crypto::SigningKey& registry_key,
                              Bytes body, std::int64_t now_ms) {
  if (registry_key.public_key() != key_) {
    return absl::InvalidArgumentError(
        "the signing key is not that of this registry");
  }
  // A clock set back must not make the log unreadable.
  Bytes bytes = EncodeRecord({.number = num_records(),
                              .previous = head_,
                              .time_ms = std::max(now_ms, last_time_ms_),
                              .body = body});
  SOTTO_RETURN_IF_ERROR(Apply(bytes));
  const crypto::Signature signature = registry_key.Sign(bytes);
  records_.push_back({.bytes = std::move(bytes), .signature = signature});
  return absl::OkStatus();
}

absl::StatusOr<std::uint64_t> Registry::Commit(
    const crypto::SigningKey& registry_key, const OwnerKey& owner,
    const crypto::Sha256Digest& architecture, const crypto::Sha256Digest& model,
    double strength, double epsilon, std::int64_t now_ms) {
  const std::uint64_t number = num_records();
  Registration registration;
  registration.owner = owner.public_key();
  registration.architecture = architecture;
  registration.model = model;
  registration.commitment = owner.Commitment(model);
  registration.strength_millionths =
      static_cast<std::uint32_t>(std::lround(strength * 1e6));
  registration.epsilon_e12 =
      static_cast<std::uint32_t>(std::lround(epsilon * 1e12));
  SOTTO_RETURN_IF_ERROR(
      Append(registry_key, EncodeCommitment(registration, owner), now_ms));
  return number;
}

absl::Status Registry::DrawNonce(const crypto::SigningKey& registry_key,
                                 std::uint64_t number, crypto::Rng& rng,
                                 std::int64_t now_ms) {
  NonceRecord record = {.registration = number, .nonce = {}};
  rng.Fill(record.nonce);
  return Append(registry_key, EncodeNonce(record), now_ms);
}

absl::Status Registry::Attest(const crypto::SigningKey& registry_key,
                              const OwnerKey& owner, std::uint64_t number,
                              const crypto::Sha256Digest& marked,
                              std::int64_t now_ms) {
  return Append(
      registry_key,
      EncodeAttestation({.registration = number, .marked = marked}, owner),
      now_ms);
}

Registration* Registry::FindMutable(std::uint64_t number) {
  const auto found =
      std::ranges::find(registrations_, number, &Registration::number);
  return found == registrations_.end() ? nullptr : &*found;
}

const Registration* Registry::Find(std::uint64_t number) const {
  return const_cast<Registry*>(this)->FindMutable(number);
}

}  // namespace sotto::watermark
