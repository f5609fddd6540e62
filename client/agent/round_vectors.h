// What a device puts into a round's sum: the vectors that the plan defines, as
// the session manifest lays them out. The manifest comes from the coordinator;
// it is checked against the plan, which is signed offline.

#ifndef SOTTO_CLIENT_AGENT_ROUND_VECTORS_H_
#define SOTTO_CLIENT_AGENT_ROUND_VECTORS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "client/agent/local_training.h"
#include "proto/messages/plan.pb.h"
#include "proto/messages/secure_agg.pb.h"

namespace sotto::client {

inline constexpr std::uint32_t kNumMetrics = 5;
inline constexpr double kLossUnitsPerOne = 256.0;

// PERMISSION_DENIED: the manifest's vectors, widths or bounds are not those of
// the plan for a model of `num_weights`, or a sum of the cohort could wrap
// around; the message names the vector and the field.
absl::Status CheckVectors(const v1::SessionManifest& manifest,
                          const v1::Plan& plan, std::size_t num_weights);

struct RoundVectors {
  std::vector<std::uint32_t> update;
  std::vector<std::uint32_t> metrics;
};

// The manifest must have passed CheckVectors. INVALID_ARGUMENT: the plan's
// encoding is out of range.
absl::StatusOr<RoundVectors> EncodeRound(const v1::SessionManifest& manifest,
                                         const v1::Plan& plan,
                                         const LocalResult& result);

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_AGENT_ROUND_VECTORS_H_
