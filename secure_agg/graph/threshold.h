// How many share holders must answer (docs/protocol/secure_aggregation.md,
// "Thresholds").
//
// With H holders of a secret, of which a are corrupted, a lying server can
// collect at most H + a shares of one client: honest holders reveal one type,
// corrupted ones both. 2 t > H + a keeps it from both of a client's secrets.

#ifndef SOTTO_SECURE_AGG_GRAPH_THRESHOLD_H_
#define SOTTO_SECURE_AGG_GRAPH_THRESHOLD_H_

#include <cstdint>

#include "absl/status/statusor.h"

namespace sotto::secure_agg {

// Members of a session at most.
inline constexpr std::uint32_t kMaxCohort = 65535;

struct GraphParams {
  std::uint32_t neighbours = 0;  // k = H: nobody holds a share of oneself
  std::uint32_t threshold = 0;   // t
};

// The complete graph: k = n - 1, t = floor((k + a) / 2) + 1, a = floor(gamma
// n). INVALID_ARGUMENT: n below 3 or above kMaxCohort, gamma outside [0, 1/2),
// or so large that t exceeds k.
absl::StatusOr<GraphParams> CompleteGraph(std::uint32_t cohort_size,
                                          double corrupted_fraction);

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_GRAPH_THRESHOLD_H_
