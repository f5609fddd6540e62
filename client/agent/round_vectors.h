// What a device puts into a round's sum: the vectors that the plan defines, as
// the session manifest lays them out; with noise see noisy_round.h. The
// manifest comes from the coordinator; it is checked against the plan, which is
// signed offline.

#ifndef SOTTO_CLIENT_AGENT_ROUND_VECTORS_H_
#define SOTTO_CLIENT_AGENT_ROUND_VECTORS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "client/agent/local_training.h"
#include "proto/messages/plan.pb.h"
#include "proto/messages/secure_agg.pb.h"
#include "secure_agg/session_types.h"

namespace sotto::client {

inline constexpr double kLossUnitsPerOne = 256.0;

// The vectors that any session of the plan has, for a model of `num_weights`
// (proto/messages/plan.proto). INVALID_ARGUMENT: the plan's encoding or noise
// is out of range.
absl::StatusOr<std::vector<secure_agg::VectorSpec>> PlannedVectors(
    const v1::Plan& plan, std::size_t num_weights);

// PERMISSION_DENIED: the manifest's vectors are not the planned ones, a sum
// over its cohort could wrap around, or the plan's noise does not fit its
// numbers; the message names the vector or the field.
absl::Status CheckVectors(const v1::SessionManifest& manifest,
                          const v1::Plan& plan, std::size_t num_weights);

struct RoundVectors {
  std::vector<std::uint32_t> update;
  std::vector<std::uint32_t> metrics;
};

// Of a plan without noise. INVALID_ARGUMENT: the plan's encoding is out of
// range.
absl::StatusOr<RoundVectors> EncodeRound(const v1::Plan& plan,
                                         const LocalResult& result);

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_AGENT_ROUND_VECTORS_H_
