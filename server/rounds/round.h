// One round over one cohort: a journalled state machine.
//
//   open -> selecting -> configured -> collecting -> aggregating -> committed
//                  \___________\____________\____________\______-> abandoned
//
//   open         assignments are given out, nobody has advertised
//   selecting    devices that trained advertise their keys (late formation)
//   configured   the cohort is fixed; members share their keys
//   collecting   masked inputs are added to the accumulator
//   aggregating  survivors sign their set, then unmask
//
// Every accepted message and every transition is in the journal before it is
// answered, so a killed coordinator goes on where it was (Recover). A masked
// input is acknowledged as complete after the snapshot that contains it is
// durable, in the same transaction that counts the contribution.
//
// Not thread-safe; no thread, no socket of its own. Time passes in Tick().

#ifndef SOTTO_SERVER_ROUNDS_ROUND_H_
#define SOTTO_SERVER_ROUNDS_ROUND_H_

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "proto/messages/plan.pb.h"
#include "proto/rpc/admin.pb.h"
#include "proto/rpc/federation.pb.h"
#include "secure_agg/aggregator.h"
#include "server/rounds/journal.h"
#include "server/rounds/round_log.h"
#include "server/state/store.h"

namespace sotto::server {

// The same for all rounds of a task.
struct TaskSettings {
  v1::CreateTaskRequest request;
  v1::Plan plan;
  Bytes plan_hash;
};

// Makes the session of a round, fresh or from a snapshot, so that the protocol
// can be another one and tests can script it.
class AggregatorFactory {
 public:
  virtual ~AggregatorFactory() = default;
  virtual absl::StatusOr<std::unique_ptr<secure_agg::Aggregator>> Create(
      const TaskSettings& task, const RoundRecord& round,
      std::uint32_t model_length) = 0;
  virtual absl::StatusOr<std::unique_ptr<secure_agg::Aggregator>> Restore(
      const TaskSettings& task, ByteView snapshot) = 0;
};

// A round that could not gather a cohort in this time is abandoned, so that no
// signed deadline runs out under it.
inline constexpr std::int64_t kRoundLifetimeMs = 24LL * 3600 * 1000;

// Selection timeouts after which a round ends that lacks devices only because
// they rest from earlier rounds: with the next one they come nearer to theirs.
inline constexpr std::int64_t kRestingTimeouts = 10;

class Round {
 public:
  struct Parts {
    Store& store;
    Clock& clock;
    Journal& journal;
    AggregatorFactory& factory;
    std::uint64_t& moves;  // counts phases begun and rounds opened or ended
  };

  // A new round: journals "open".
  static absl::StatusOr<std::unique_ptr<Round>> Open(Parts parts,
                                                     const TaskSettings& task,
                                                     RoundRecord record,
                                                     std::uint32_t length);
  // The round as the journal has it. DATA_LOSS: the journal does not replay.
  static absl::StatusOr<std::unique_ptr<Round>> Recover(
      Parts parts, const TaskSettings& task, RoundRecord record,
      std::uint32_t length);

  const RoundRecord& record() const { return record_; }
  bool WantsDevice(const Bytes& device_id) const;
  // That a device came which may take part in a later round, but not in this.
  void NoteResting(const Bytes& device_id);
  RoundLog& log() { return log_; }

  // One message. Errors: those of Aggregator::Receive*, which change nothing;
  // PERMISSION_DENIED: the message is another device's; UNAVAILABLE,
  // RESOURCE_EXHAUSTED, DATA_LOSS: the journal cannot be written, and the round
  // must be recovered (broken()).
  absl::StatusOr<v1::StepReply> Handle(const Bytes& device_id,
                                       const v1::StepRequest& request);
  // What the device would be told now, as if it had polled.
  absl::StatusOr<v1::StepReply> Next(const Bytes& device_id);

  // Lets time pass: closes stages whose time is over. Same errors of the
  // journal.
  absl::Status Tick();

  bool broken() const { return broken_; }
  // All steps are done: Result() can be committed.
  bool complete() const {
    return session_->phase() == secure_agg::Phase::kFinished;
  }
  absl::StatusOr<secure_agg::AggregateResult> Result() const {
    return session_->Result();
  }
  // Of the session; complete once the cohort is fixed.
  const v1::SessionManifest& manifest() const { return session_->manifest(); }
  // Why it cannot go on.
  const std::optional<std::string>& failure() const { return failure_; }
  void Fail(const std::string& reason) { failure_ = reason; }

  // Ends the round in one journal write, with `also` in its transaction.
  absl::Status Finish(const std::string& state, v1::RoundStatus status,
                      const std::function<absl::Status()>& also);

  // As it stands.
  v1::RoundStatus Status();

 private:
  Round(Parts parts, const TaskSettings& task, RoundRecord record,
        std::uint32_t length)
      : parts_(parts),
        task_(task),
        record_(std::move(record)),
        length_(length) {}

  // Too few came, but with those that rest they would be a cohort.
  bool LacksResting() const;
  absl::Status Replay(const std::vector<JournalEntry>& entries);
  void MarkInputs();
  absl::Status WriteMessage(const Bytes& device_id,
                            const v1::StepRequest& request);
  absl::Status WriteSnapshot(const std::string& step,
                             const std::function<absl::Status()>& also);
  // After an input: the snapshot of the phase's beginning stays, and with it
  // the log but for its counts: paths of a large cohort would outweigh the sum.
  absl::Status WriteInputs(const std::function<absl::Status()>& also);
  absl::Status Receive(const Bytes& device_id, const v1::StepRequest& request,
                       UnixTime now);
  absl::Status Write(JournalEntry entry,
                     const std::function<absl::Status()>& also);
  absl::StatusOr<v1::StepReply> HandleChunk(const Bytes& device_id,
                                            const v1::MaskedInputChunk& chunk);
  bool PhaseIsOver() const;
  absl::Status Advance();
  absl::Status AdvanceWhilePossible();
  absl::StatusOr<v1::StepReply> MessageFor(const Bytes& device_id) const;
  void RecordOutcomes();

  Parts parts_;
  const TaskSettings& task_;  // outlives the round
  RoundRecord record_;
  std::uint32_t length_;
  std::unique_ptr<secure_agg::Aggregator> session_;
  RoundLog log_;
  std::set<Bytes> resting_;          // no more than matter
  std::int64_t phase_since_ms_ = 0;  // in selecting: since the first arrival
  bool broken_ = false;
  std::optional<std::string> failure_;
};

}  // namespace sotto::server

#endif  // SOTTO_SERVER_ROUNDS_ROUND_H_
