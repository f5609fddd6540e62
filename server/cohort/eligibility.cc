#include "server/cohort/eligibility.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace sotto::server {

absl::Status CheckEligible(const v1::Plan::Participation& rules,
                           const std::string& task_population,
                           std::uint64_t round, const Arrival& arrival) {
  if (arrival.population != task_population) {
    return absl::FailedPreconditionError("another population");
  }
  // 2^k stands for 2^k .. 2^(k+1) - 1 examples.
  const std::uint64_t most = std::uint64_t{arrival.examples} * 2;
  if (most <= rules.min_examples() && rules.min_examples() > 0) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "too few examples: the task wants %d", rules.min_examples()));
  }
  const std::uint64_t separation =
      std::max<std::uint64_t>(1, rules.min_separation_rounds());
  if (arrival.record.count > 0 &&
      round < arrival.record.last_round + separation) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "took part in round %d; may again from round %d on",
        arrival.record.last_round, arrival.record.last_round + separation));
  }
  if (rules.max_participations() > 0 &&
      arrival.record.count >= rules.max_participations()) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "took part %d times, the most the task allows", arrival.record.count));
  }
  return absl::OkStatus();
}

PaceWindow PaceFor(std::uint64_t num_devices) {
  constexpr std::uint64_t kLeastMs = 300;
  constexpr std::uint64_t kMostMs = 3600 * 1000;
  const std::uint64_t max_ms =
      std::clamp(num_devices * 1000 / kArrivalsPerSecond, kLeastMs, kMostMs);
  return {.min_ms = static_cast<std::uint32_t>(max_ms / 3),
          .max_ms = static_cast<std::uint32_t>(max_ms)};
}

}  // namespace sotto::server
