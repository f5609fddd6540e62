// All tasks and their rounds: gives devices something to do, carries step
// messages to the open round of each task, commits, and opens the next round.
//
// An abandoned round is retried as a new session: same model, next round number
// and a new round id, because a device never joins the same (task, round)
// twice.
//
// With noise in the plan, a round is opened and released only within the
// privacy budget; when none is left the task ends in the state "out_of_budget".
//
// Not thread-safe.

#ifndef SOTTO_SERVER_ROUNDS_ROUND_KEEPER_H_
#define SOTTO_SERVER_ROUNDS_ROUND_KEEPER_H_

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "crypto/rng.h"
#include "crypto/sign.h"
#include "proto/rpc/admin.pb.h"
#include "proto/rpc/federation.pb.h"
#include "server/rounds/committed_model.h"
#include "server/rounds/coordinator_noise.h"
#include "server/rounds/journal.h"
#include "server/rounds/privacy_ledger.h"
#include "server/rounds/round.h"
#include "server/state/store.h"

namespace sotto::server {

// A checkpoint, sealed and stored where devices fetch it, and its content key,
// sealed to the broker.
struct SealedCheckpoint {
  Bytes digest;  // SHA-256 of the container
  std::uint64_t size_bytes = 0;
  Bytes sealed_key;
};
using SealCheckpoint =
    std::function<absl::StatusOr<SealedCheckpoint>(ByteView weights)>;

class RoundKeeper {
 public:
  struct Parts {
    Store& store;
    Clock& clock;
    crypto::Rng& rng;
    AggregatorFactory& factory;
    const crypto::SigningKey& coordinator_key;
    SealCheckpoint seal;
    // Removes a container that no device needs any more; OK when it is gone.
    std::function<absl::Status(const Bytes& digest)> remove = nullptr;
  };
  explicit RoundKeeper(Parts parts);

  // Recovers every running task's open round. Call once, first.
  absl::Status Start();

  // --- devices
  // An assignment, or nothing to do now.
  absl::StatusOr<std::optional<v1::Assignment>> CheckIn(
      const DeviceRecord& device, const v1::CheckInRequest& request);
  // UNKNOWN_ROUND as an outcome when there is no such round; Round::Handle's
  // errors. Counts bytes of messages, not of polls and waits.
  absl::StatusOr<v1::StepReply> Step(const DeviceRecord& device,
                                     const v1::StepRequest& request);
  // Grows whenever a round begins another phase, ends or opens: a device that
  // was told to wait need not ask again before.
  std::uint64_t moves() const { return moves_; }
  // The device asked for the key of this container.
  void NoteGrant(const Bytes& device_id, ByteView container_digest);

  // Lets time pass; commits, abandons, opens rounds. Errors are of the store;
  // the round concerned is recovered from the journal, or committed again, at
  // the first Tick a second later.
  absl::Status Tick();

  // --- operator
  // `plan` is the target's bytes. INVALID_ARGUMENT names what is wrong.
  // ALREADY_EXISTS: a task of that name. RESOURCE_EXHAUSTED: its privacy budget
  // does not allow its first round.
  absl::Status CreateTask(const v1::CreateTaskRequest& request, ByteView plan);
  // NOT_FOUND: unknown task, round, or a round that committed no model.
  absl::StatusOr<v1::TaskStatus> GetTask(const std::string& name);
  absl::StatusOr<v1::TaskStatus> StopTask(const std::string& name);
  absl::StatusOr<v1::RoundStatus> Explain(const std::string& name,
                                          std::uint64_t round);
  absl::StatusOr<Bytes> Export(const std::string& name, std::uint64_t round);
  std::uint64_t num_open_rounds() const { return tasks_.size(); }
  // Since the start: rounds and devices by outcome, bytes up and down.
  const std::map<std::string, std::uint64_t>& totals() const { return totals_; }

 private:
  struct Task {
    TaskSettings settings;
    ModelRecord model;  // latest, without its weights
    std::uint32_t length = 0;
    std::unique_ptr<Round> round;
    std::int64_t retry_at_ms = 0;  // after a failure of the store
    bool ended = false;            // out of budget: the next Tick forgets it
  };

  // What devices are told of a round that has ended: all of its cohort ask at
  // once, and the record holds the sum and every device's path.
  struct EndedRound {
    Bytes round_id;
    bool abandoned = false;
    std::string reason;
    std::uint32_t included = 0;
    struct Device {
      bool included = false;
      std::string reason;
    };
    std::map<Bytes, Device> devices;
  };
  // NOT_FOUND: no such round. Nothing: it was stopped before it ended.
  absl::StatusOr<const EndedRound*> FindEnded(const Bytes& round_id);

  absl::StatusOr<std::unique_ptr<Task>> Load(const TaskRecord& record);
  // Or ends a task whose budget allows no further round.
  absl::Status EnsureRound(Task& task);
  absl::Status Settle(Task& task);
  absl::Status Commit(Task& task);
  // Containers before the model of `round` are removed with their keys.
  absl::Status Retire(const std::string& task, std::uint64_t round);
  absl::Status Abandon(Task& task);
  // --- privacy budget (privacy_rounds.cc)
  // RESOURCE_EXHAUSTED: a round `number` would cost more than the plan's
  // budget, on top of what the population has spent and of the family's open
  // rounds.
  absl::Status CheckNextRound(const v1::Plan& plan,
                              const std::string& population,
                              std::uint32_t num_weights,
                              std::uint32_t cohort_min, std::uint64_t number);
  // FAILED_PRECONDITION: the round whose sum is there may not be released.
  absl::Status CheckRelease(Task& task);
  // Enters a round whose sum was unmasked, also when it is withheld.
  absl::Status Spend(Task& task);
  // What to add to the sum of the task's round, after the model of round
  // `released`; nothing where the devices did.
  absl::StatusOr<std::optional<CoordinatorNoise>> NoiseOf(
      const Task& task, std::uint64_t released);
  // Of the task's round and skipped ones before it, for the rounds to come.
  absl::Status PutNoiseRows(const Task& task,
                            const std::vector<privacy::BandedRow>& rows);
  absl::Status FillPrivacy(const TaskRecord& record, std::uint64_t next_round,
                           v1::TaskStatus& status);
  void CountEnd(const std::string& outcome, const v1::RoundStatus& status);
  Round::Parts RoundParts() {
    return {parts_.store, parts_.clock, journal_, parts_.factory, moves_};
  }

  Parts parts_;
  Journal journal_;
  PrivacyLedger ledger_;
  std::uint64_t moves_ = 0;
  std::map<std::string, std::uint64_t> totals_;
  std::map<std::string, std::unique_ptr<Task>> tasks_;  // running ones
  std::deque<EndedRound> ended_;                        // the last asked for
};

// What the coordinator signs: base/codec "sotto/assignment/v1" and fields 1 to
// 10 in order.
Bytes AssignmentSignedBytes(const v1::Assignment& assignment);

// INVALID_ARGUMENT names the field of the request or the plan that is missing,
// out of range, or does not fit the others.
absl::Status CheckTask(const v1::CreateTaskRequest& request,
                       const v1::Plan& plan);

}  // namespace sotto::server

#endif  // SOTTO_SERVER_ROUNDS_ROUND_KEEPER_H_
