#include "server/state/query.h"
#include "server/state/store.h"

namespace sotto::server {

absl::Status Store::AppendJournal(const JournalEntry& entry) {
  return Execute(database_,
                 "INSERT INTO journal (round_id, state, kind, step, device_id, "
                 "body, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                 entry.round_id, entry.state, entry.kind, entry.step,
                 entry.device_id, entry.body, entry.at_ms);
}

absl::StatusOr<std::vector<JournalEntry>> Store::ReadJournal(
    ByteView round_id) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      Query(database_,
            "SELECT seq, round_id, state, kind, step, device_id, body, at_ms "
            "FROM journal WHERE round_id = ?1 ORDER BY seq",
            round_id));
  std::vector<JournalEntry> entries;
  while (true) {
    SOTTO_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return entries;
    entries.push_back({.round_id = row.Blob(1),
                       .state = row.Text(2),
                       .kind = row.Text(3),
                       .step = row.Text(4),
                       .device_id = row.Blob(5),
                       .body = row.Blob(6),
                       .at_ms = row.Int64(7),
                       .seq = row.Int64(0)});
  }
}

absl::Status Store::DropJournalBodies(ByteView round_id) {
  return Execute(database_,
                 "DELETE FROM journal WHERE round_id = ?1 AND kind IN "
                 "('message', 'inputs', 'snapshot')",
                 round_id);
}

absl::Status Store::DropJournalChanges(ByteView round_id) {
  return Execute(database_,
                 "DELETE FROM journal WHERE round_id = ?1 AND kind IN "
                 "('message', 'inputs')",
                 round_id);
}

}  // namespace sotto::server
