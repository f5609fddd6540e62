// One telemetry report for each release that runs under each rollout document:
// evidence is counted once, whatever is killed or lost on the way. The id of a
// report is fixed before it is first sent, so that a repeat is recognised.

#ifndef SOTTO_CLIENT_STORAGE_REPORT_LEDGER_H_
#define SOTTO_CLIENT_STORAGE_REPORT_LEDGER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "client/storage/client_database.h"
#include "crypto/rng.h"

namespace sotto::client {

class ReportLedger {
 public:
  // `database` outlives it.
  explicit ReportLedger(ClientDatabase& database) : database_(database) {}

  // The id to report (model, seq, release) under: a new one of 16 random bytes,
  // or the one of an earlier attempt. Empty: it was sent already.
  absl::StatusOr<std::optional<Bytes>> Begin(const std::string& model,
                                             std::uint64_t seq,
                                             std::uint64_t release,
                                             crypto::Rng& rng);
  absl::Status MarkSent(const std::string& model, std::uint64_t seq,
                        std::uint64_t release);

 private:
  ClientDatabase& database_;
};

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_STORAGE_REPORT_LEDGER_H_
