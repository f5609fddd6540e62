#include "client/storage/privacy_ledger.h"

#include <utility>

#include "base/status.h"
#include "client/storage/bound_statement.h"
#include "privacy/rounds/round_noise.h"

namespace sotto::client {
namespace {

// Of rounds from before the storage was made; no task has an empty name.
constexpr char kAssumed[] = "";

}  // namespace

absl::StatusOr<std::vector<privacy::LedgerEntry>> PrivacyLedger::Entries(
    const Family& family) {
  SOTTO_ASSIGN_OR_RETURN(
      Statement row,
      BoundStatement(
          database_.sql(),
          "SELECT task, round, count, release FROM privacy_release "
          "WHERE population = ?1 AND model = ?2 ORDER BY task, round",
          family.population, family.model));
  std::vector<privacy::LedgerEntry> entries;
  while (true) {
    SOTTO_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return entries;
    privacy::LedgerEntry entry{
        .task = row.Text(0),
        .round = static_cast<std::uint64_t>(row.Int64(1)),
        .count = static_cast<std::uint32_t>(row.Int64(2))};
    const Bytes bytes = row.Blob(3);
    v1::NoisyRelease release;
    const bool parsed =
        release.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
    if (!parsed || !privacy::SetNoise(release, entry).ok()) {
      return absl::DataLossError(absl::StrFormat(
          "privacy ledger of '%s', model '%s': the entry of "
          "task '%s' round %d is damaged",
          family.population, family.model, entry.task, entry.round));
    }
    entries.push_back(std::move(entry));
  }
}

absl::Status PrivacyLedger::Record(const Family& family,
                                   const std::string& task, std::uint64_t round,
                                   const v1::NoisyRelease& release,
                                   std::uint32_t assumed_before) {
  const Bytes bytes = ToBytes(release.SerializeAsString());
  const auto insert = [&](const std::string& name, std::uint64_t number,
                          std::uint32_t count) {
    return RunBound(database_.sql(),
                    "INSERT INTO privacy_release VALUES (?1, ?2, ?3, ?4, ?5, "
                    "?6)",
                    family.population, family.model, name, number, count,
                    bytes);
  };
  const absl::Status status = database_.sql().Transact([&]() -> absl::Status {
    SOTTO_ASSIGN_OR_RETURN(const auto history, Entries(family));
    if (history.empty() && assumed_before > 0) {
      SOTTO_RETURN_IF_ERROR(insert(kAssumed, 0, assumed_before));
    }
    return insert(task, round, 1);
  });
  if (absl::IsAlreadyExists(status)) {
    return absl::AlreadyExistsError(absl::StrFormat(
        "task '%s' round %d is in the privacy ledger already", task, round));
  }
  return status;
}

}  // namespace sotto::client
