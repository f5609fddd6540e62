// The records of a registry as bytes. Internal to registry.cc; every Decode is
// total and answers INVALID_ARGUMENT for what it cannot read.

#ifndef SOTTO_WATERMARK_EVIDENCE_REGISTRY_RECORDS_H_
#define SOTTO_WATERMARK_EVIDENCE_REGISTRY_RECORDS_H_

#include "absl/status/statusor.h"
#include "base/codec.h"
#include "watermark/evidence/registry.h"

namespace sotto::watermark {

struct RecordFrame {
  std::uint64_t number = 0;
  crypto::Sha256Digest previous = {};
  std::int64_t time_ms = 0;
  ByteView body;
};
Bytes EncodeRecord(const RecordFrame& frame);
// The body is a view into `bytes`.
absl::StatusOr<RecordFrame> DecodeRecord(ByteView bytes);

enum class RecordKind : std::uint8_t {
  kUnknown,
  kCommitment,
  kNonce,
  kAttestation,
};
RecordKind KindOf(ByteView body);

// Signed by the owner. Decode checks that signature too: PERMISSION_DENIED.
Bytes EncodeCommitment(const Registration& registration, const OwnerKey& owner);
absl::StatusOr<Registration> DecodeCommitment(ByteView body);

struct NonceRecord {
  std::uint64_t registration = 0;
  Nonce nonce = {};
};
Bytes EncodeNonce(const NonceRecord& record);
absl::StatusOr<NonceRecord> DecodeNonce(ByteView body);

struct AttestationRecord {
  std::uint64_t registration = 0;
  crypto::Sha256Digest marked = {};
};
Bytes EncodeAttestation(const AttestationRecord& record, const OwnerKey& owner);
absl::StatusOr<AttestationRecord> DecodeAttestation(ByteView body);
// PERMISSION_DENIED: not signed by `owner`. `body` is one that decoded.
absl::Status CheckAttestation(ByteView body, const crypto::PublicKey& owner);

}  // namespace sotto::watermark

#endif  // SOTTO_WATERMARK_EVIDENCE_REGISTRY_RECORDS_H_
