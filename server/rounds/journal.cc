#include "server/rounds/journal.h"

#include "base/crash_point.h"
#include "base/status.h"

namespace sotto::server {

absl::Status Journal::Write(JournalEntry entry,
                            const std::function<absl::Status()>& also) {
  CrashPoint("journal-write-before");
  entry.at_ms = clock_.NowMillis();
  const absl::Status written = store_.Transact([&]() -> absl::Status {
    if (entry.kind == "snapshot") {
      SOTTO_RETURN_IF_ERROR(store_.DropJournalBodies(entry.round_id));
    } else if (entry.kind == "inputs") {
      SOTTO_RETURN_IF_ERROR(store_.DropJournalChanges(entry.round_id));
    }
    SOTTO_RETURN_IF_ERROR(store_.AppendJournal(entry));
    return also == nullptr ? absl::OkStatus() : also();
  });
  if (!written.ok()) return written;
  CrashPoint("journal-write");
  return absl::OkStatus();
}

}  // namespace sotto::server
