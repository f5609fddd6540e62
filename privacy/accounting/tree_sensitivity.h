// The sensitivity of tree aggregation (DP-FTRL) under participation limits.
//
// The tree's nodes are the aligned blocks of 2^l rounds that lie wholly inside
// the run; each gets Gaussian noise of the node's standard deviation, without
// restarts. A user whose clipped update (norm at most 1) enters n_v of the
// rounds of node v changes the release by at most
//   S = max over allowed patterns of sum_v n_v^2
// squared (Kairouz et al. 2021, appendix D.3), so the run is S/(2 s^2)-zCDP at
// noise multiplier s.
//
// The search runs over aligned blocks: of a block with c participations from
// round f on, only the pairs (value, last round) that no other pair beats
// matter. Where that takes over 2^24 steps, an upper bound stands in: with m_l
// the most that one block of level l can hold, no level adds more than
// floor(k/m_l) m_l^2 + (k mod m_l)^2.
//
// Pure; thread-safe.

#ifndef SOTTO_PRIVACY_ACCOUNTING_TREE_SENSITIVITY_H_
#define SOTTO_PRIVACY_ACCOUNTING_TREE_SENSITIVITY_H_

#include "absl/status/statusor.h"
#include "privacy/accounting/participation.h"

namespace sotto::privacy {

struct TreeSensitivity {
  double squared = 0;  // in clip norms squared; a whole number
  bool exact = true;   // false: the upper bound
};

// INVALID_ARGUMENT: see CheckParticipation.
absl::StatusOr<TreeSensitivity> TreeSquaredSensitivity(
    const Participation& participation);

// The upper bound alone.
absl::StatusOr<double> TreeSquaredSensitivityBound(
    const Participation& participation);

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_ACCOUNTING_TREE_SENSITIVITY_H_
