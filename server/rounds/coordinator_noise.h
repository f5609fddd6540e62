// The noise of a coordinator that a plan trusts to add it
// (proto/messages/plan.proto, COORDINATOR_GAUSSIAN, _TREE and _BANDED): on the
// integers of the unmasked sum, from a seed of the task. The same round gets
// the same noise after a restart, and no other round does.
//
// Pure.

#ifndef SOTTO_SERVER_ROUNDS_COORDINATOR_NOISE_H_
#define SOTTO_SERVER_ROUNDS_COORDINATOR_NOISE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/secret.h"
#include "privacy/noise/banded_release.h"
#include "proto/messages/plan.pb.h"

namespace sotto::server {

struct CoordinatorNoise {
  crypto::Secret<32> seed;     // of the task; who has it can take the noise off
  std::uint64_t round = 0;     // at least 1
  std::uint64_t released = 0;  // the last round before with a model; 0: none
  // Of a banded matrix: those up to round `released`, the last bands - 1 or
  // all, the oldest first.
  std::vector<privacy::BandedRow> rows = {};
};

struct NoisySteps {
  std::vector<double> values = {};
  // Of a banded matrix: those after `released`, the last bands - 1 or all, the
  // round's last. Secret: they have the exact sum.
  std::vector<privacy::BandedRow> rows = {};
};

// `sum` with the round's noise. In a tree the sum of the first t rounds has the
// noise of at most log2(t + 1) nodes. Rounds between `released` and `round`
// count as zeros, whose noise in a tree or matrix comes with this one.
// INVALID_ARGUMENT: the plan's noise is out of range, or other rows.
// FAILED_PRECONDITION: the round is beyond the plan's tree or matrix, or not
// after `released`.
absl::StatusOr<NoisySteps> AddCoordinatorNoise(
    const v1::Plan& plan, CoordinatorNoise noise,
    std::span<const std::int32_t> sum);

}  // namespace sotto::server

#endif  // SOTTO_SERVER_ROUNDS_COORDINATOR_NOISE_H_
