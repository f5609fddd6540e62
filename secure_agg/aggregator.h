// The server's side of an aggregation session, as the round engine drives it.
// SA-1 is one implementation; others can take its place.
//
// The engine decides when a phase closes (all arrived, or time is up); the
// aggregator decides what a message means:
//
//   kAdvertise → kShares → kInputs → kConsistency → kUnmask → kFinished
//        each by Close(); any of them → kFailed when too few remain
//
// Receive* is idempotent: repeating a message is OK and changes nothing. A
// malformed message, or one of another phase, changes nothing:
//   INVALID_ARGUMENT   malformed; the sender should stop
//   UNAUTHENTICATED    certificate or signature does not verify
//   FAILED_PRECONDITION  the phase for it is over or not yet there
//   NOT_FOUND          the sender is not a member
//
// Deterministic, no I/O, no clock. Not thread-safe.

#ifndef SOTTO_SECURE_AGG_AGGREGATOR_H_
#define SOTTO_SECURE_AGG_AGGREGATOR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "secure_agg/session_types.h"

namespace sotto::secure_agg {

enum class Phase : std::uint8_t {
  kAdvertise,
  kShares,
  kInputs,
  kConsistency,
  kUnmask,
  kFinished,
  kFailed,
};

// "advertise", "share_keys", "masked_input", "consistency", "unmask",
// "finished", "failed".
std::string PhaseName(Phase phase);

struct MemberStatus {
  crypto::DeviceId device_id = {};
  bool included = false;  // its input is in the sum (once inputs are closed)
  bool dropped = false;   // it missed, or complained in, phase `dropped_in`
  Phase dropped_in = Phase::kAdvertise;
  std::string reason;  // "no answer", or what it said
};

struct InputProgress {
  std::string vector = {};        // to send next
  std::uint32_t next_offset = 0;  // first element wanted
  bool complete = false;          // the whole input is in the accumulator
};

struct AggregateResult {
  NamedVectors sums;                       // residues mod 2^bits
  std::vector<crypto::DeviceId> included;  // U3
};

class Aggregator {
 public:
  virtual ~Aggregator() = default;

  virtual Phase phase() const = 0;
  // Members that the open phase waits for, and of these who answered.
  virtual std::size_t expected() const = 0;
  virtual std::size_t arrived() const = 0;
  // Whether the open phase need not wait for the others: all expected have
  // arrived or, of revealed shares, so many that those of some may be wrong.
  virtual bool EnoughArrived() const { return arrived() >= expected(); }

  // `now` is for the certificate's validity.
  virtual absl::Status ReceiveAdvertisement(const v1::KeyAdvertisement& message,
                                            UnixTime now) = 0;
  virtual absl::Status ReceiveShares(const crypto::DeviceId& device,
                                     const v1::EncryptedShares& message) = 0;
  virtual absl::StatusOr<InputProgress> ReceiveInput(
      const crypto::DeviceId& device, const v1::MaskedInputChunk& message) = 0;
  virtual absl::Status ReceiveSurvivorSignature(
      const crypto::DeviceId& device, const v1::SurvivorSignature& message) = 0;
  virtual absl::Status ReceiveUnmaskShares(const crypto::DeviceId& device,
                                           const v1::UnmaskShares& message) = 0;
  // The member is out, for the reason that it gives.
  virtual absl::Status ReceiveComplaint(const crypto::DeviceId& device,
                                        const v1::Complaint& message) = 0;

  // Ends the open phase with those who arrived. ABORTED: too few remain; the
  // phase is kFailed and the message says how many of how many.
  virtual absl::Status Close() = 0;

  // Replies, from the phase after the one that made them on.
  // FAILED_PRECONDITION before, for shares also when the session has finished:
  // these are erased then; NOT_FOUND: the device is not among those addressed.
  virtual absl::StatusOr<v1::Roster> RosterFor(
      const crypto::DeviceId& device) const = 0;
  virtual absl::StatusOr<v1::ShareDelivery> DeliveryFor(
      const crypto::DeviceId& device) const = 0;
  virtual absl::StatusOr<v1::SurvivorSet> SurvivorsFor(
      const crypto::DeviceId& device) const = 0;
  virtual absl::StatusOr<v1::UnmaskRequest> UnmaskRequestFor(
      const crypto::DeviceId& device) const = 0;

  // What the device did last: true if the open phase has its answer already.
  virtual bool HasAnswered(const crypto::DeviceId& device) const = 0;
  virtual std::vector<MemberStatus> Members() const = 0;
  // Nothing when the device is no member.
  virtual std::optional<MemberStatus> MemberOf(
      const crypto::DeviceId& device) const = 0;
  virtual const v1::SessionManifest& manifest() const = 0;  // from kShares on

  // FAILED_PRECONDITION unless kFinished.
  virtual absl::StatusOr<AggregateResult> Result() const = 0;

  // Everything but inputs that are still incomplete, without secrets of clients
  // and without any single input. Restoring gives an equal aggregator.
  virtual Bytes Snapshot() const = 0;
  // Of the open phase kInputs what has changed since it opened: with a snapshot
  // from its beginning, RestoreInputs gives an equal aggregator.
  virtual Bytes InputSnapshot() const = 0;
  // FAILED_PRECONDITION: another phase; DATA_LOSS: the bytes are damaged or of
  // another session. Nothing has changed then.
  virtual absl::Status RestoreInputs(ByteView snapshot) = 0;
};

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_AGGREGATOR_H_
