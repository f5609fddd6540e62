#include "client/policy/privacy_budget.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/status.h"
#include "privacy/rounds/round_noise.h"

namespace sotto::client {
namespace {

// Of an entry that is not in the ledger yet; no task has this name.
constexpr char kNext[] = "\n";

}  // namespace

absl::Status CheckNoise(const v1::Plan& plan, const LocalPolicy& policy) {
  if (!plan.has_privacy()) {
    if (policy.allow_without_noise) return absl::OkStatus();
    return absl::PermissionDeniedError(absl::StrFormat(
        "plan '%s' adds no noise to the sum of a round; this device takes part "
        "only where its configuration sets policy.allow_without_noise to true",
        plan.task()));
  }
  const absl::Status stated = privacy::CheckPrivacy(plan);
  if (!stated.ok()) {
    return absl::PermissionDeniedError(absl::StrFormat(
        "plan '%s': %s", plan.task(), std::string(stated.message())));
  }
  if (!privacy::IsCoordinatorNoise(plan) || policy.trust_coordinator_noise) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(absl::StrFormat(
      "plan '%s' leaves the noise to the coordinator, which sees the exact "
      "sum; this device takes part only where its configuration sets "
      "policy.trust_coordinator_noise to true",
      plan.task()));
}

absl::StatusOr<v1::NoisyRelease> PlannedRelease(const v1::Plan& plan,
                                                const LocalPolicy& policy,
                                                std::size_t num_weights) {
  const v1::Plan::SecureAggregation& secure = plan.secure_aggregation();
  const std::uint32_t floor = std::max(policy.min_cohort, secure.min_cohort());
  const auto encoding = privacy::RoundEncoding(
      plan, num_weights,
      {.devices = floor,
       .min_devices = floor,
       .corrupted_fraction =
           std::max(policy.corrupted_fraction, secure.corrupted_fraction())});
  if (encoding.ok()) return privacy::ReleaseOf(plan, *encoding);
  return absl::PermissionDeniedError(
      absl::StrFormat("plan '%s' with %d devices: %s", plan.task(), floor,
                      std::string(encoding.status().message())));
}

absl::StatusOr<double> CheckBudget(
    std::span<const privacy::LedgerEntry> history, const v1::Plan& plan,
    const v1::NoisyRelease& next, std::uint64_t round,
    const LocalPolicy& policy) {
  privacy::LedgerEntry entry;
  SOTTO_RETURN_IF_ERROR(privacy::SetNoise(next, entry));
  std::vector<privacy::LedgerEntry> entries(history.begin(), history.end());
  const std::uint32_t assumed =
      history.empty() ? policy.trust_horizon_rounds : 0;
  if (assumed > 0) {
    entries.push_back(entry);
    entries.back().count = assumed;
  }
  entry.task = kNext;
  if (entry.noise_rounds > 0) {
    // A leaf or row beside those that this device was in before.
    entry.task = plan.task();
    entry.round = round;
  }
  entries.push_back(entry);
  SOTTO_ASSIGN_OR_RETURN(const double spent,
                         privacy::SpentEpsilon(entries, policy.delta));
  if (spent > policy.max_epsilon) {
    return absl::ResourceExhaustedError(absl::StrFormat(
        "plan '%s': with another round this device's epsilon would be %.4g at "
        "delta %g for model '%s', its policy.max_epsilon is %g%s",
        plan.task(), spent, policy.delta, plan.model(), policy.max_epsilon,
        assumed == 0 ? ""
                     : absl::StrFormat(" (%d rounds before it are assumed, "
                                       "policy.trust_horizon_rounds)",
                                       assumed)));
  }
  // What the plan promises is about rounds that were, not about assumed ones.
  std::erase_if(entries, [](const auto& old) { return old.task.empty(); });
  SOTTO_ASSIGN_OR_RETURN(
      const double of_plan,
      privacy::SpentEpsilon(entries, plan.privacy().delta()));
  if (of_plan > plan.privacy().epsilon()) {
    return absl::ResourceExhaustedError(absl::StrFormat(
        "plan '%s': with another round this device's epsilon would be %.4g at "
        "delta %g for model '%s', the plan's own budget is %g",
        plan.task(), of_plan, plan.privacy().delta(), plan.model(),
        plan.privacy().epsilon()));
  }
  return spent;
}

}  // namespace sotto::client
