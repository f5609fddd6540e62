// The registry of marks: an append-only log, each record chained to the one
// before and signed by the registry's key (docs/formats/watermark_registry.md).
//
//   Commit → DrawNonce → (embed) → Attest*
//
// The order is the point: the owner commits to key and unmarked model, only
// then does the registry draw the nonce that the mark depends on. Nobody can
// try keys until one fits a model by chance.
//
// Not thread-safe.

#ifndef SOTTO_WATERMARK_EVIDENCE_REGISTRY_H_
#define SOTTO_WATERMARK_EVIDENCE_REGISTRY_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/rng.h"
#include "crypto/sha2.h"
#include "crypto/sign.h"
#include "watermark/embed/owner_mark.h"

namespace sotto::watermark {

struct Registration {
  std::uint64_t number = 0;  // of the commitment's record
  std::int64_t time_ms = 0;  // of the commitment
  crypto::PublicKey owner = {};
  crypto::Sha256Digest architecture = {};
  crypto::Sha256Digest model = {};  // before the mark
  crypto::Sha256Digest commitment = {};
  std::uint32_t strength_millionths = 0;
  std::uint32_t epsilon_e12 = 0;  // claimed when p <= epsilon_e12 * 1e-12
  std::optional<Nonce> nonce;
  std::int64_t nonce_time_ms = 0;
  std::vector<crypto::Sha256Digest> marked;  // attested by the owner

  // True when `key` is the one committed to.
  bool OpensWith(const OwnerKey& key) const;
};

class Registry {
 public:
  explicit Registry(const crypto::PublicKey& key) : key_(key) {}

  // Total. INVALID_ARGUMENT: malformed, or a record out of order.
  // PERMISSION_DENIED: a signature does not fit. DATA_LOSS: the chain is
  // broken. Each names the record.
  static absl::StatusOr<Registry> Parse(ByteView bytes);
  Bytes Serialize() const;

  const crypto::PublicKey& key() const { return key_; }
  const std::vector<Registration>& registrations() const {
    return registrations_;
  }
  std::uint64_t num_records() const { return records_.size(); }
  // Hash of the last record: what to keep elsewhere, so that a registry cut
  // short is noticed. Zeros when empty.
  const crypto::Sha256Digest& head() const { return head_; }

  // Each appends one record. INVALID_ARGUMENT: `registry_key` is not this
  // registry's. FAILED_PRECONDITION: no such registration, or it has its nonce
  // already (DrawNonce) or not yet (Attest).
  absl::StatusOr<std::uint64_t> Commit(const crypto::SigningKey& registry_key,
                                       const OwnerKey& owner,
                                       const crypto::Sha256Digest& architecture,
                                       const crypto::Sha256Digest& model,
                                       double strength, double epsilon,
                                       std::int64_t now_ms);
  absl::Status DrawNonce(const crypto::SigningKey& registry_key,
                         std::uint64_t number, crypto::Rng& rng,
                         std::int64_t now_ms);
  absl::Status Attest(const crypto::SigningKey& registry_key,
                      const OwnerKey& owner, std::uint64_t number,
                      const crypto::Sha256Digest& marked, std::int64_t now_ms);

  // Null: no registration has that number.
  const Registration* Find(std::uint64_t number) const;

 private:
  struct Record {
    Bytes bytes;
    crypto::Signature signature;
  };

  absl::Status Append(const crypto::SigningKey& registry_key, Bytes body,
                      std::int64_t now_ms);
  // Checks one record against what came before and takes it in.
  absl::Status Apply(ByteView record);
  absl::Status ApplyCommitment(ByteView body, std::int64_t time_ms);
  absl::Status ApplyNonce(ByteView body, std::int64_t time_ms);
  absl::Status ApplyAttestation(ByteView body);
  Registration* FindMutable(std::uint64_t number);

  crypto::PublicKey key_;
  std::vector<Record> records_;
  std::vector<Registration> registrations_;
  crypto::Sha256Digest head_ = {};
  std::int64_t last_time_ms_ = 0;
};

}  // namespace sotto::watermark

#endif  // SOTTO_WATERMARK_EVIDENCE_REGISTRY_H_
