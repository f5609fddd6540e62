#include "client/storage/report_ledger.h"

#include "base/status.h"
#include "client/storage/bound_statement.h"

namespace sotto::client {

absl::StatusOr<std::optional<Bytes>> ReportLedger::Begin(
    const std::string& model, std::uint64_t seq, std::uint64_t release,
    crypto::Rng& rng) {
  {
    SOTTO_ASSIGN_OR_RETURN(
        Statement row,
        BoundStatement(database_.sql(),
                       "SELECT report_id, sent FROM report WHERE model = ?1 "
                       "AND seq = ?2 AND release = ?3",
                       model, seq, release));
    SOTTO_ASSIGN_OR_RETURN(const bool found, row.Step());
    if (found) {
      if (row.Int64(1) != 0) return std::optional<Bytes>();
      return std::optional<Bytes>(row.Blob(0));
    }
  }
  Bytes id(16);
  rng.Fill(id);
  SOTTO_RETURN_IF_ERROR(RunBound(database_.sql(),
                                 "INSERT INTO report VALUES (?1, ?2, ?3, ?4, "
                                 "0)",
                                 model, seq, release, ByteView(id)));
  return std::optional<Bytes>(std::move(id));
}

absl::Status ReportLedger::MarkSent(const std::string& model, std::uint64_t seq,
                                    std::uint64_t release) {
  return RunBound(database_.sql(),
                  "UPDATE report SET sent = 1 WHERE model = ?1 AND seq = ?2 "
                  "AND release = ?3",
                  model, seq, release);
}

}  // namespace sotto::client
