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
  // n_min, when members insist on it: the graph must then stay connected with
  // so few of them left, however many drop out. 0: only with 1 - delta of them.
  std::uint32_t min_survivors = 0;
};

// The smallest even k, and its t. INVALID_ARGUMENT: an assumption out of its
// range. NOT_FOUND: no ring will do; take the complete graph.
absl::StatusOr<GraphParams> FindRegularGraph(const GraphAssumptions& assume);

// Up to so many members a ring saves next to nothing.
inline constexpr std::uint32_t kSmallCohort = 50;

// Up to so many members each is a neighbour of each, unless both sides are told
// otherwise: a small ring is cut by few corrupted members (docs/protocol,
// "Limits"), and the complete graph costs a member a tenth of a second.
inline constexpr std::uint32_t kCompleteUpTo = 500;

// The graph of a session: the ring of FindRegularGraph, or the complete graph
// (threshold.h) where none will do or the cohort is small. INVALID_ARGUMENT:
// neither will.
absl::StatusOr<GraphParams> ChooseGraph(const GraphAssumptions& assume);

// Whether a graph that somebody else chose is as safe: complete or a ring, its
// threshold at least what is needed and at most k. Whether enough members will
// answer is the chooser's risk, so delta and eta play no part where
// min_survivors is given. PERMISSION_DENIED names what falls short.
absl::Status CheckGraph(const GraphAssumptions& assume,
                        const GraphParams& graph);

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_GRAPH_PARAMETERS_H_
