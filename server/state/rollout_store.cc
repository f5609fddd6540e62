#include "server/state/query.h"
#include "server/state/store.h"

namespace sotto::server {

absl::Status Store::PutEscrow(ByteView container_digest, ByteView sealed_key,
                              const std::string& population) {
  return Execute(database_, "INSERT OR REPLACE INTO escrow VALUES (?1, ?2, ?3)",
                 container_digest, sealed_key, population);
}

absl::StatusOr<EscrowRecord> Store::GetEscrow(ByteView container_digest) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row, Query(database_,
                           "SELECT sealed_key, population FROM escrow WHERE "
                           "container_digest = ?1",
                           container_digest));
  SOTTO_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) {
    return absl::NotFoundError(
        absl::StrFormat("container %s: this coordinator holds no key for it",
                        HexEncode(container_digest)));
  }
  return EscrowRecord{row.Blob(0), row.Text(1)};
}

absl::StatusOr<bool> Store::PutReport(const ReportRecord& report) {
  bool fresh = false;
  const absl::Status written = database_.Transact([&]() -> absl::Status {
    SOTTO_RETURN_IF_ERROR(
        Execute(database_,
                "INSERT OR IGNORE INTO reports VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
                "?7, ?8, ?9)",
                report.report_id, report.device_id, report.model, report.seq,
                report.arm, report.release, report.model_bytes, report.at_ms,
                report.body));
    fresh = database_.Changes() == 1;
    if (!fresh) return absl::OkStatus();
    return Execute(database_,
                   "DELETE FROM reports WHERE model = ?1 AND seq = ?2 AND "
                   "device_id = ?3 AND report_id <> ?4",
                   report.model, report.seq, report.device_id,
                   report.report_id);
  });
  if (!written.ok()) return written;
  return fresh;
}

absl::StatusOr<std::vector<ReportRecord>> Store::ListReports(
    const std::string& model, std::uint64_t min_seq) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row, Query(database_,
                           "SELECT * FROM reports WHERE model = ?1 AND seq >= "
                           "?2 ORDER BY at_ms, report_id",
                           model, min_seq));
  std::vector<ReportRecord> reports;
  while (true) {
    SOTTO_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return reports;
    reports.push_back({.report_id = row.Blob(0),
                       .device_id = row.Blob(1),
                       .model = row.Text(2),
                       .seq = static_cast<std::uint64_t>(row.Int64(3)),
                       .arm = row.Text(4),
                       .release = static_cast<std::uint64_t>(row.Int64(5)),
                       .model_bytes = static_cast<std::uint64_t>(row.Int64(6)),
                       .at_ms = row.Int64(7),
                       .body = row.Blob(8)});
  }
}

absl::Status Store::PutRollout(const std::string& model, ByteView state) {
  return Execute(database_, "INSERT OR REPLACE INTO rollouts VALUES (?1, ?2)",
                 model, state);
}

absl::StatusOr<std::vector<Bytes>> Store::ListRollouts() {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      Query(database_, "SELECT state FROM rollouts ORDER BY model"));
  std::vector<Bytes> rollouts;
  while (true) {
    SOTTO_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return rollouts;
    rollouts.push_back(row.Blob(0));
  }
}

}  // namespace sotto::server
