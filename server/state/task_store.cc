#include "server/state/query.h"
#include "server/state/store.h"

namespace sotto::server {
namespace {

TaskRecord ReadTask(const Statement& row) {
  return {.name = row.Text(0),
          .population = row.Text(1),
          .request = row.Blob(2),
          .plan = row.Blob(3),
          .state = row.Text(4),
          .created_ms = row.Int64(5)};
}

absl::StatusOr<ModelRecord> ReadModel(absl::StatusOr<Statement> row,
                                      const std::string& what) {
  SOTTO_RETURN_IF_ERROR(row.status());
  SOTTO_ASSIGN_OR_RETURN(const bool found, row->Step());
  if (!found) return absl::NotFoundError(what + ": no model was committed");
  return ModelRecord{
      .task = row->Text(0),
      .round = static_cast<std::uint64_t>(row->Int64(1)),
      .weights = row->Blob(2),
      .velocity = row->Blob(3),
      .hash = row->Blob(4),
      .container_digest = row->Blob(5),
      .container_bytes = static_cast<std::uint64_t>(row->Int64(6))};
}

RoundRecord ReadRound(const Statement& row) {
  return {.round_id = row.Blob(0),
          .task = row.Text(1),
          .round = static_cast<std::uint64_t>(row.Int64(2)),
          .state = row.Text(3),
          .model_hash = row.Blob(4),
          .previous_model_hash = row.Blob(5),
          .opened_ms = row.Int64(6),
          .ended_ms = row.Int64(7),
          .status = row.Blob(8)};
}

}  // namespace

absl::Status Store::InsertTask(const TaskRecord& task) {
  const absl::Status status = Execute(
      database_, "INSERT INTO tasks VALUES (?1, ?2, ?3, ?4, ?5, ?6)", task.name,
      task.population, task.request, task.plan, task.state, task.created_ms);
  if (absl::IsAlreadyExists(status)) {
    return absl::AlreadyExistsError(absl::StrFormat(
        "task '%s' exists already; choose another name", task.name));
  }
  return status;
}

absl::StatusOr<TaskRecord> Store::GetTask(const std::string& name) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      Query(database_, "SELECT * FROM tasks WHERE name = ?1", name));
  SOTTO_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) {
    return absl::NotFoundError(absl::StrFormat("task '%s' is unknown", name));
  }
  return ReadTask(row);
}

absl::StatusOr<std::vector<TaskRecord>> Store::ListTasks() {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      Query(database_, "SELECT * FROM tasks ORDER BY created_ms, name"));
  std::vector<TaskRecord> tasks;
  while (true) {
    SOTTO_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return tasks;
    tasks.push_back(ReadTask(row));
  }
}

absl::Status Store::EndTask(const std::string& name, const std::string& state) {
  SOTTO_RETURN_IF_ERROR(Execute(
      database_, "UPDATE tasks SET state = ?2 WHERE name = ?1", name, state));
  return DropNoise(name);
}

absl::Status Store::PutModel(const ModelRecord& model) {
  return Execute(database_,
                 "INSERT OR REPLACE INTO models VALUES (?1, ?2, ?3, ?4, ?5, "
                 "?6, ?7)",
                 model.task, model.round, model.weights, model.velocity,
                 model.hash, model.container_digest, model.container_bytes);
}

absl::StatusOr<ModelRecord> Store::GetModel(const std::string& task,
                                            std::uint64_t round) {
  return ReadModel(
      Query(database_, "SELECT * FROM models WHERE task = ?1 AND round = ?2",
            task, round),
      absl::StrFormat("task '%s' round %d", task, round));
}

absl::StatusOr<ModelRecord> Store::LatestModel(const std::string& task) {
  return ReadModel(Query(database_,
                         "SELECT * FROM models WHERE task = ?1 ORDER BY round "
                         "DESC LIMIT 1",
                         task),
                   absl::StrFormat("task '%s'", task));
}

absl::Status Store::PutRound(const RoundRecord& round) {
  return Execute(database_,
                 "INSERT OR REPLACE INTO rounds VALUES (?1, ?2, ?3, ?4, ?5, "
                 "?6, ?7, ?8, ?9)",
                 round.round_id, round.task, round.round, round.state,
                 round.model_hash, round.previous_model_hash, round.opened_ms,
                 round.ended_ms, round.status);
}

absl::StatusOr<RoundRecord> Store::GetRound(ByteView round_id) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      Query(database_, "SELECT * FROM rounds WHERE round_id = ?1", round_id));
  SOTTO_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) {
    return absl::NotFoundError(
        absl::StrFormat("round id %s is unknown", HexEncode(round_id)));
  }
  return ReadRound(row);
}

absl::StatusOr<RoundRecord> Store::GetRound(const std::string& task,
                                            std::uint64_t round) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      Query(database_, "SELECT * FROM rounds WHERE task = ?1 AND round = ?2",
            task, round));
  SOTTO_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) {
    return absl::NotFoundError(
        absl::StrFormat("task '%s' has no round %d", task, round));
  }
  return ReadRound(row);
}

absl::StatusOr<std::vector<std::uint64_t>> Store::RoundNumbers(
    const std::string& task) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      Query(database_,
            "SELECT round FROM rounds WHERE task = ?1 ORDER BY round", task));
  std::vector<std::uint64_t> rounds;
  while (true) {
    SOTTO_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return rounds;
    rounds.push_back(static_cast<std::uint64_t>(row.Int64(0)));
  }
}

absl::StatusOr<std::optional<RoundRecord>> Store::LastRound(
    const std::string& task) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      Query(database_,
            "SELECT * FROM rounds WHERE task = ?1 ORDER BY round DESC LIMIT 1",
            task));
  SOTTO_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return std::optional<RoundRecord>();
  return std::optional<RoundRecord>(ReadRound(row));
}

absl::StatusOr<std::uint64_t> Store::CountRounds(const std::string& task,
                                                 const std::string& state) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      Query(database_,
            "SELECT COUNT(*) FROM rounds WHERE task = ?1 AND state = ?2", task,
            state));
  SOTTO_ASSIGN_OR_RETURN(const bool found, row.Step());
  return found ? static_cast<std::uint64_t>(row.Int64(0)) : 0;
}

absl::StatusOr<std::vector<Bytes>> Store::ContainersBefore(
    const std::string& task, std::uint64_t round) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      Query(database_,
            "SELECT container_digest FROM models WHERE task = ?1 AND round < "
            "?2 AND container_bytes > 0",
            task, round));
  std::vector<Bytes> digests;
  while (true) {
    SOTTO_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return digests;
    digests.push_back(row.Blob(0));
  }
}

absl::Status Store::RetireModels(const std::string& task,
                                 std::uint64_t before) {
  return Transact([&]() -> absl::Status {
    SOTTO_RETURN_IF_ERROR(
        Execute(database_,
                "DELETE FROM escrow WHERE container_digest IN (SELECT "
                "container_digest FROM models WHERE task = ?1 AND round < ?2 "
                "AND container_bytes > 0)",
                task, before));
    return Execute(database_,
                   "UPDATE models SET velocity = x'', container_bytes = 0 "
                   "WHERE task = ?1 AND round < ?2 AND container_bytes > 0",
                   task, before);
  });
}

absl::Status Store::InsertContribution(const std::string& task,
                                       std::uint64_t round, ByteView device_id,
                                       ByteView round_id) {
  return Execute(database_, "INSERT INTO contributions VALUES (?1, ?2, ?3, ?4)",
                 task, round, device_id, round_id);
}

absl::StatusOr<ParticipationRecord> Store::Participation(
    const std::string& task, ByteView device_id) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      Query(database_,
            "SELECT COUNT(*), COALESCE(MAX(round), 0) FROM contributions WHERE "
            "task = ?1 AND device_id = ?2",
            task, device_id));
  SOTTO_ASSIGN_OR_RETURN(const bool found, row.Step());
  ParticipationRecord record;
  if (found) {
    record.count = static_cast<std::uint64_t>(row.Int64(0));
    record.last_round = static_cast<std::uint64_t>(row.Int64(1));
  }
  return record;
}

absl::Status Store::PutSpending(const SpendingRecord& record) {
  return Execute(database_,
                 "INSERT OR IGNORE INTO spending VALUES (?1, ?2, ?3, ?4, ?5, "
                 "?6, ?7)",
                 record.population, record.model, record.task, record.round,
                 record.min_separation, record.max_participations,
                 record.release);
}

absl::StatusOr<std::vector<SpendingRecord>> Store::ListSpending(
    const std::string& population, const std::string& model) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      Query(database_,
            "SELECT task, round, min_separation, max_participations, release "
            "FROM spending WHERE population = ?1 AND model = ?2 ORDER BY task, "
            "round",
            population, model));
  std::vector<SpendingRecord> records;
  while (true) {
    SOTTO_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return records;
    records.push_back(
        {.population = population,
         .model = model,
         .task = row.Text(0),
         .round = static_cast<std::uint64_t>(row.Int64(1)),
         .min_separation = static_cast<std::uint32_t>(row.Int64(2)),
         .max_participations = static_cast<std::uint32_t>(row.Int64(3)),
         .release = row.Blob(4)});
  }
}

}  // namespace sotto::server
