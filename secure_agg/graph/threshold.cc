#include "secure_agg/graph/threshold.h"

#include "base/fraction.h"
#include "base/status.h"

namespace sotto::secure_agg {

absl::StatusOr<GraphParams> CompleteGraph(std::uint32_t cohort_size,
                                          double corrupted_fraction) {
  if (cohort_size < 3 || cohort_size > kMaxCohort) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "cohort size is %d, needs 3 to %d", cohort_size, kMaxCohort));
  }
  if (!(corrupted_fraction >= 0 && corrupted_fraction < 0.5)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "corrupted fraction is %g, needs [0, 0.5)", corrupted_fraction));
  }
  const std::uint32_t corrupted = MembersIn(corrupted_fraction, cohort_size);
  GraphParams params;
  params.neighbours = cohort_size - 1;
  params.threshold = (params.neighbours + corrupted) / 2 + 1;
  if (params.threshold > params.neighbours) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "cohort of %d with %d corrupted needs %d share holders, has %d",
        cohort_size, corrupted, params.threshold, params.neighbours));
  }
  return params;
}

}  // namespace sotto::secure_agg
