#include "client/storage/sqlite_decision_log.h"

#include <algorithm>

#include "base/status.h"
#include "client/storage/bound_statement.h"
#include "client/storage/participation_ledger.h"

namespace sotto::client {

absl::Status SqliteDecisionLog::RecordContribution(const std::string& task,
                                                   std::uint64_t round,
                                                   ByteView round_id) {
  return ParticipationLedger(database_).Record(task, round, round_id,
                                               clock_.NowMillis());
}

absl::Status SqliteDecisionLog::RecordSurvivors(ByteView session_id,
                                                ByteView survivors) {
  const absl::Status status =
      RunBound(database_.sql(), "INSERT INTO decision VALUES (?1, ?2, 0)",
               session_id, survivors);
  if (!absl::IsAlreadyExists(status)) return status;
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      BoundStatement(database_.sql(),
                     "SELECT survivors FROM decision WHERE session_id = ?1",
                     session_id));
  SOTTO_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (found && std::ranges::equal(row.Blob(0), survivors)) {
    return absl::OkStatus();
  }
  return absl::AlreadyExistsError(absl::StrFormat(
      "session %s: another survivor set was signed before; the server shows "
      "different sets",
      HexEncode(session_id)));
}

absl::Status SqliteDecisionLog::RecordUnmask(ByteView session_id) {
  SOTTO_RETURN_IF_ERROR(
      RunBound(database_.sql(),
               "UPDATE decision SET unmasked = 1 WHERE session_id = ?1 AND "
               "unmasked = 0",
               session_id));
  if (database_.sql().Changes() == 1) return absl::OkStatus();
  return absl::AlreadyExistsError(absl::StrFormat(
      "session %s: shares were revealed before, or no survivor set was signed",
      HexEncode(session_id)));
}

}  // namespace sotto::client
