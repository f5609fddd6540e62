// Store's noise of coordinators.

#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "server/state/query.h"
#include "server/state/store.h"

namespace sotto::server {

absl::Status Store::InsertNoiseSeed(const std::string& task, ByteView seed) {
  return Execute(database_, "INSERT INTO noise_seeds VALUES (?1, ?2)", task,
                 seed);
}

absl::StatusOr<Bytes> Store::NoiseSeed(const std::string& task) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      Query(database_, "SELECT seed FROM noise_seeds WHERE task = ?1", task));
  SOTTO_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (found) return row.Blob(0);
  return absl::NotFoundError("task '" + task + "' has no noise seed");
}

absl::Status Store::PutNoiseRow(const NoiseRowRecord& row, std::uint64_t kept) {
  SOTTO_RETURN_IF_ERROR(
      Execute(database_, "INSERT INTO noise_rows VALUES (?1, ?2, ?3, ?4)",
              row.task, row.round, row.sum, row.release));
  return Execute(database_,
                 "DELETE FROM noise_rows WHERE task = ?1 AND round + ?3 <= ?2",
                 row.task, row.round, kept);
}

absl::StatusOr<std::vector<NoiseRowRecord>> Store::NoiseRows(
    const std::string& task) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      Query(database_,
            "SELECT round, sum, release FROM noise_rows WHERE task = ?1 ORDER "
            "BY round",
            task));
  std::vector<NoiseRowRecord> rows;
  while (true) {
    SOTTO_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return rows;
    rows.push_back({.task = task,
                    .round = static_cast<std::uint64_t>(row.Int64(0)),
                    .sum = row.Blob(1),
                    .release = row.Blob(2)});
  }
}

absl::Status Store::DropNoise(const std::string& task) {
  SOTTO_RETURN_IF_ERROR(
      Execute(database_, "DELETE FROM noise_rows WHERE task = ?1", task));
  return Execute(database_, "DELETE FROM noise_seeds WHERE task = ?1", task);
}

}  // namespace sotto::server
