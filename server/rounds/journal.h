// The one place that writes a round's journal.
//
// Write() makes an entry and the changes that belong to it durable in one
// transaction, or nothing. CrashPoint("journal-write-before") comes before it
// and CrashPoint("journal-write") after, so tests can kill the process on
// either side of every write.
//
// What recovery needs: a "snapshot" holds the whole session (keys, ciphertexts,
// bitmaps, the accumulator); an "inputs" entry what inputs have changed since,
// without what a cohort's ciphertexts weigh; a "message" is one protocol
// message accepted after these, byte for byte; a "state" names a transition.
// Masked inputs are never written: the entry for one is the sum that contains
// it.

#ifndef SOTTO_SERVER_ROUNDS_JOURNAL_H_
#define SOTTO_SERVER_ROUNDS_JOURNAL_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "server/state/store.h"

namespace sotto::server {

class Journal {
 public:
  Journal(Store& store, Clock& clock) : store_(store), clock_(clock) {}

  // `also` runs inside the transaction; null: nothing else changes. A
  // "snapshot" drops the bodies that it replaces, and "inputs" those but the
  // snapshot. The store's errors, and `also`'s.
  absl::Status Write(JournalEntry entry,
                     const std::function<absl::Status()>& also = nullptr);

  absl::StatusOr<std::vector<JournalEntry>> Read(ByteView round_id) {
    return store_.ReadJournal(round_id);
  }

 private:
  Store& store_;
  Clock& clock_;
};

}  // namespace sotto::server

#endif  // SOTTO_SERVER_ROUNDS_JOURNAL_H_
