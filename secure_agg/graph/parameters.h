// Neighbours and threshold of a random k-regular graph (a Harary ring over a
// random order), found from what is assumed about the cohort
// (docs/protocol/secure_aggregation.md, "Thresholds").
//
// Three things must hold, each but with the stated probability of failure: the
// honest surviving members form a connected graph; no server collects both
// secrets of an honest member; every secret has enough surviving holders.
//
// A member's neighbours are counted as k draws from all n members, as the
// published tables of known answers do. From the n - 1 others it would be
// exact: that moves a bound by less than one bit, and the answer by a step or
// two of k at few points.

#ifndef SOTTO_SECURE_AGG_GRAPH_PARAMETERS_H_
#define SOTTO_SECURE_AGG_GRAPH_PARAMETERS_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "secure_agg/graph/threshold.h"

namespace sotto::secure_agg {

enum class ServerModel : std::uint8_t {
  kCurious,  // follows the protocol: t > a
  kActive,   // may lie about who dropped out: 2 t > k + a
};

struct GraphAssumptions {
  std::uint32_t cohort_size = 0;     // n, in [3, 2^24]
  double corrupted_fraction = 0.0;   // gamma, in [0, 1)
  double dropout_fraction = 0.0;     // delta, in [0, 1); gamma + delta < 1
  std::uint32_t security_bits = 40;  // sigma; 80 when the order can be ground
  std::uint32_t correctness_bits = 20;  // eta
  ServerModel server = ServerModel::kActive;
};

// The smallest even k, and its t. INVALID_ARGUMENT: an assumption out of its
// range. NOT_FOUND: no ring will do; take the complete graph.
absl::StatusOr<GraphParams> FindRegularGraph(const GraphAssumptions& assume);

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_GRAPH_PARAMETERS_H_
