#include "client/storage/participation_ledger.h"

#include <algorithm>

#include "base/status.h"
#include "client/storage/bound_statement.h"

namespace sotto::client {
namespace {

std::string ModelKey(const std::string& task) { return "joined_model/" + task; }

}  // namespace

absl::Status CheckParticipation(const ParticipationHistory& history,
                                const ParticipationLimits& limits,
                                std::uint64_t round) {
  if (limits.max_participations != 0 &&
      history.contributions >= limits.max_participations) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("this device contributed %d times, the plan allows %d",
                        history.contributions, limits.max_participations));
  }
  if (!history.last_round.has_value()) return absl::OkStatus();
  const std::uint64_t last = *history.last_round;
  // Also with a plan that asks for no separation, a round is joined once.
  const std::uint64_t separation =
      std::max<std::uint64_t>(1, limits.min_separation_rounds);
  if (round <= last || round - last < separation) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "round %d: this device contributed to round %d and may join again "
        "from round %d on",
        round, last, last + separation));
  }
  return absl::OkStatus();
}

absl::StatusOr<ParticipationHistory> ParticipationLedger::History(
    const std::string& task) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      BoundStatement(database_.sql(),
                     "SELECT COUNT(*), MAX(round) FROM contribution WHERE "
                     "task = ?1",
                     task));
  SOTTO_RETURN_IF_ERROR(row.Step().status());
  ParticipationHistory history;
  history.contributions = static_cast<std::uint64_t>(row.Int64(0));
  if (!row.IsNull(1)) {
    history.last_round = static_cast<std::uint64_t>(row.Int64(1));
  }
  return history;
}

absl::StatusOr<std::uint64_t> ParticipationLedger::LastJoined(
    const std::string& task) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      BoundStatement(database_.sql(),
                     "SELECT round FROM joined WHERE task = ?1", task));
  SOTTO_ASSIGN_OR_RETURN(const bool found, row.Step());
  return found ? static_cast<std::uint64_t>(row.Int64(0)) : 0;
}

absl::Status ParticipationLedger::Join(const std::string& task,
                                       std::uint64_t round,
                                       ByteView model_hash) {
  SOTTO_ASSIGN_OR_RETURN(const std::uint64_t last, LastJoined(task));
  if (round <= last) {
    return absl::AlreadyExistsError(absl::StrFormat(
        "task '%s' round %d: this device joined round %d before; it waits for "
        "a later one",
        task, round, last));
  }
  return database_.sql().Transact([&]() -> absl::Status {
    SOTTO_RETURN_IF_ERROR(database_.Put(ModelKey(task), model_hash));
    return RunBound(database_.sql(),
                    "INSERT OR REPLACE INTO joined VALUES (?1, ?2)", task,
                    round);
  });
}

absl::Status ParticipationLedger::CheckSuccessor(const std::string& task,
                                                 std::uint64_t round,
                                                 ByteView previous_model_hash) {
  SOTTO_ASSIGN_OR_RETURN(const std::uint64_t last, LastJoined(task));
  // Of a round in between this device knows nothing.
  if (last == 0 || round != last + 1) return absl::OkStatus();
  SOTTO_ASSIGN_OR_RETURN(const auto given, database_.Get(ModelKey(task)));
  if (!given.has_value() || std::ranges::equal(*given, previous_model_hash)) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(absl::StrFormat(
      "task '%s' round %d: the coordinator says that round %d trained model "
      "%s, this device was given %s; devices were shown different models",
      task, round, last, HexEncode(previous_model_hash), HexEncode(*given)));
}

absl::Status ParticipationLedger::Record(const std::string& task,
                                         std::uint64_t round, ByteView round_id,
                                         std::int64_t time_ms) {
  const absl::Status status = RunBound(
      database_.sql(), "INSERT INTO contribution VALUES (?1, ?2, ?3, ?4)", task,
      round, round_id, time_ms);
  if (absl::IsAlreadyExists(status)) {
    return absl::AlreadyExistsError(absl::StrFormat(
        "task '%s' round %d: this device has contributed already", task,
        round));
  }
  return status;
}

}  // namespace sotto::client
