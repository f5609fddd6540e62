#include "server/rounds/privacy_ledger.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "privacy/rounds/round_noise.h"

namespace sotto::server {

absl::StatusOr<std::vector<privacy::LedgerEntry>> PrivacyLedger::Entries(
    const std::string& population, const std::string& model) {
  SOTTO_ASSIGN_OR_RETURN(const std::vector<SpendingRecord> records,
                         store_.ListSpending(population, model));
  std::vector<privacy::LedgerEntry> entries;
  for (const SpendingRecord& record : records) {
    privacy::LedgerEntry entry{.task = record.task,
                               .round = record.round,
                               .min_separation = record.min_separation,
                               .max_participations = record.max_participations};
    if (!record.release.empty()) {
      v1::NoisyRelease release;
      const bool parsed = release.ParseFromArray(
          record.release.data(), static_cast<int>(record.release.size()));
      if (!parsed || !privacy::SetNoise(release, entry).ok()) {
        return absl::DataLossError(absl::StrFormat(
            "privacy ledger of population '%s', model '%s': the entry of task "
            "'%s' round %d is damaged",
            population, model, record.task, record.round));
      }
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

absl::Status PrivacyLedger::Record(
    const std::string& population, const v1::Plan& plan, std::uint64_t round,
    const std::optional<v1::NoisyRelease>& release) {
  return store_.PutSpending(
      {.population = population,
       .model = plan.model(),
       .task = plan.task(),
       .round = round,
       .min_separation = plan.participation().min_separation_rounds(),
       .max_participations = plan.participation().max_participations(),
       .release = release.has_value() ? ToBytes(release->SerializeAsString())
                                      : Bytes()});
}

absl::StatusOr<privacy::LedgerEntry> EntryOf(
    const v1::Plan& plan, std::uint64_t round,
    const std::optional<v1::NoisyRelease>& release) {
  privacy::LedgerEntry entry{
      .task = plan.task(),
      .round = round,
      .min_separation = plan.participation().min_separation_rounds(),
      .max_participations = plan.participation().max_participations()};
  if (release.has_value()) {
    SOTTO_RETURN_IF_ERROR(privacy::SetNoise(*release, entry));
  }
  return entry;
}

absl::Status CheckBudget(const v1::Plan& plan,
                         const std::vector<privacy::LedgerEntry>& entries) {
  const v1::Plan::Privacy& budget = plan.privacy();
  SOTTO_ASSIGN_OR_RETURN(const double spent,
                         privacy::SpentEpsilon(entries, budget.delta()));
  if (spent <= budget.epsilon()) return absl::OkStatus();
  const auto bare = std::ranges::find_if(
      entries, [](const auto& entry) { return !entry.noise.has_value(); });
  return absl::ResourceExhaustedError(absl::StrFormat(
      "privacy budget: round %d of task '%s' would bring epsilon to %.4g at "
      "delta %g, the budget is %g%s",
      entries.back().round, plan.task(), spent, budget.delta(),
      budget.epsilon(),
      bare == entries.end()
          ? ""
          : absl::StrFormat("; round %d of task '%s' was released without "
                            "noise, so nothing bounds it",
                            bare->round, bare->task)));
}

}  // namespace sotto::server
