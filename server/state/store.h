// The coordinator's durable state: one SQLite file, one owner.
//
// Tables by file: devices and sessions (device_store.cc), tasks, models and
// rounds (task_store.cc), the journal (rounds/journal.cc writes it through
// here), containers, reports and rollouts (rollout_store.cc).
//
// The caller serialises access (server/coordinator.h holds one lock). Every
// method may also return Statement's errors: DATA_LOSS a damaged file,
// RESOURCE_EXHAUSTED a full disk, UNAVAILABLE an I/O error. After those the
// coordinator answers UNAVAILABLE and nothing is half-written, because every
// change is one transaction.

#ifndef SOTTO_SERVER_STATE_STORE_H_
#define SOTTO_SERVER_STATE_STORE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/sqlite.h"
#include "server/state/records.h"

namespace sotto::server {

class Store {
 public:
  // Creates or opens; ":memory:" for tests. FAILED_PRECONDITION: written by a
  // newer version.
  static absl::StatusOr<Store> Open(const std::string& path);

  absl::Status Transact(const std::function<absl::Status()>& body) {
    return database_.Transact(body);
  }

  // --- devices and sessions
  absl::Status PutDevice(const DeviceRecord& device);
  // NOT_FOUND: never enrolled.
  absl::StatusOr<DeviceRecord> GetDevice(ByteView device_id);
  absl::StatusOr<std::vector<DeviceRecord>> ListDevices();
  absl::Status TouchDevice(ByteView device_id, std::int64_t now_ms);
  // Works for a device that never enrolled, too.
  absl::Status Revoke(ByteView device_id, const std::string& reason);
  // The reason, or nothing when the device is not revoked.
  absl::StatusOr<std::optional<std::string>> Revocation(ByteView device_id);
  absl::Status PutSession(ByteView token_hash, ByteView device_id,
                          std::int64_t expires_ms);
  // UNAUTHENTICATED: no such session, or expired at `now_ms`.
  absl::StatusOr<Bytes> SessionDevice(ByteView token_hash, std::int64_t now_ms);

  // --- tasks, their models and rounds
  // ALREADY_EXISTS: a task of that name.
  absl::Status InsertTask(const TaskRecord& task);
  absl::StatusOr<TaskRecord> GetTask(const std::string& name);
  absl::StatusOr<std::vector<TaskRecord>> ListTasks();
  // For good: the noise that its rounds had is forgotten. In a transaction.
  absl::Status EndTask(const std::string& name, const std::string& state);
  absl::Status PutModel(const ModelRecord& model);
  // NOT_FOUND: that round committed no model.
  absl::StatusOr<ModelRecord> GetModel(const std::string& task,
                                       std::uint64_t round);
  // The model of the highest round.
  absl::StatusOr<ModelRecord> LatestModel(const std::string& task);
  absl::Status PutRound(const RoundRecord& round);
  absl::StatusOr<RoundRecord> GetRound(ByteView round_id);
  absl::StatusOr<RoundRecord> GetRound(const std::string& task,
                                       std::uint64_t round);
  // Numbers only: a record holds the sum of all updates.
  absl::StatusOr<std::vector<std::uint64_t>> RoundNumbers(
      const std::string& task);
  // Nothing when the task has no round yet.
  absl::StatusOr<std::optional<RoundRecord>> LastRound(const std::string& task);
  absl::StatusOr<std::uint64_t> CountRounds(const std::string& task,
                                            const std::string& state);
  // Containers of checkpoints before `round` that are still kept.
  absl::StatusOr<std::vector<Bytes>> ContainersBefore(const std::string& task,
                                                      std::uint64_t round);
  // Forgets their keys, and what only the next round needs of those models;
  // the weights stay, so that every round can be exported.
  absl::Status RetireModels(const std::string& task, std::uint64_t before);
  // ALREADY_EXISTS: this device already counts in that round.
  absl::Status InsertContribution(const std::string& task, std::uint64_t round,
                                  ByteView device_id, ByteView round_id);
  absl::StatusOr<ParticipationRecord> Participation(const std::string& task,
                                                    ByteView device_id);

  // --- privacy ledger
  // A row that is there stays as it is.
  absl::Status PutSpending(const SpendingRecord& record);
  absl::StatusOr<std::vector<SpendingRecord>> ListSpending(
      const std::string& population, const std::string& model);

  // The seed of the noise that the coordinator adds in a task, 32 bytes.
  // ALREADY_EXISTS: it has one, which must stay.
  absl::Status InsertNoiseSeed(const std::string& task, ByteView seed);
  // NOT_FOUND: the devices of the task add the noise, or nobody, or it ended.
  absl::StatusOr<Bytes> NoiseSeed(const std::string& task);
  // The task keeps the rows of its last `kept` rounds, this one included.
  absl::Status PutNoiseRow(const NoiseRowRecord& row, std::uint64_t kept);
  // By round.
  absl::StatusOr<std::vector<NoiseRowRecord>> NoiseRows(
      const std::string& task);

  // --- journal
  absl::Status AppendJournal(const JournalEntry& entry);
  absl::StatusOr<std::vector<JournalEntry>> ReadJournal(ByteView round_id);
  // Messages and snapshots, because a newer snapshot contains them or the round
  // has ended; the state changes stay.
  absl::Status DropJournalBodies(ByteView round_id);
  // All of these but snapshots.
  absl::Status DropJournalChanges(ByteView round_id);

  // --- containers, reports, rollouts
  absl::Status PutEscrow(ByteView container_digest, ByteView sealed_key,
                         const std::string& population);
  absl::StatusOr<EscrowRecord> GetEscrow(ByteView container_digest);
  // Replaces what the device reported for the same rules of the model, so that
  // no device can fill the disk. False: this report was there already.
  absl::StatusOr<bool> PutReport(const ReportRecord& report);
  absl::StatusOr<std::vector<ReportRecord>> ListReports(
      const std::string& model, std::uint64_t min_seq);
  absl::Status PutRollout(const std::string& model, ByteView state);
  absl::StatusOr<std::vector<Bytes>> ListRollouts();

 private:
  explicit Store(Database database) : database_(std::move(database)) {}

  absl::Status DropNoise(const std::string& task);

  Database database_;
};

}  // namespace sotto::server

#endif  // SOTTO_SERVER_STATE_STORE_H_
