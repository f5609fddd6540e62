#include "client/storage/download_ledger.h"

#include "base/status.h"
#include "client/storage/bound_statement.h"

namespace sotto::client {

absl::StatusOr<DownloadProgress> DownloadLedger::Load(
    ByteView digest, std::uint64_t length_bytes, std::size_t num_leaves) {
  DownloadProgress progress{.length_bytes = length_bytes,
                            .leaves = std::vector<bool>(num_leaves),
                            .fetched_bytes = 0};
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      BoundStatement(database_.sql(),
                     "SELECT length, leaves, fetched_bytes FROM download "
                     "WHERE digest = ?1",
                     digest));
  SOTTO_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return progress;
  const Bytes bitmap = row.Blob(1);
  if (static_cast<std::uint64_t>(row.Int64(0)) != length_bytes ||
      bitmap.size() != (num_leaves + 7) / 8) {
    return progress;
  }
  for (std::size_t i = 0; i < num_leaves; ++i) {
    progress.leaves[i] = (bitmap[i / 8] >> (i % 8) & 1) != 0;
  }
  progress.fetched_bytes = static_cast<std::uint64_t>(row.Int64(2));
  return progress;
}

absl::Status DownloadLedger::Save(ByteView digest,
                                  const DownloadProgress& progress) {
  Bytes bitmap((progress.leaves.size() + 7) / 8);
  for (std::size_t i = 0; i < progress.leaves.size(); ++i) {
    if (progress.leaves[i]) {
      bitmap[i / 8] |= static_cast<std::uint8_t>(1u << (i % 8));
    }
  }
  return RunBound(database_.sql(),
                  "INSERT OR REPLACE INTO download VALUES (?1, ?2, ?3, ?4)",
                  digest, progress.length_bytes, ByteView(bitmap),
                  progress.fetched_bytes);
}

absl::Status DownloadLedger::Forget(ByteView digest) {
  return RunBound(database_.sql(), "DELETE FROM download WHERE digest = ?1",
                  digest);
}

}  // namespace sotto::client
