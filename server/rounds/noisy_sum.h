// From the noisy sum of a round to what ApplySum averages
// (proto/messages/plan.proto, Privacy). Pure.

#ifndef SOTTO_SERVER_ROUNDS_NOISY_SUM_H_
#define SOTTO_SERVER_ROUNDS_NOISY_SUM_H_

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/messages/plan.pb.h"
#include "proto/messages/privacy_ledger.pb.h"
#include "proto/messages/secure_agg.pb.h"
#include "secure_agg/session_types.h"
#include "server/rounds/committed_model.h"

namespace sotto::server {

// What devices agree on in the sessions of a plan with noise. INVALID_ARGUMENT:
// the noise does not fit the plan's smallest cohort, `cohort_min` devices, or
// its largest, `cohort_goal`.
absl::StatusOr<std::vector<secure_agg::VectorSpec>> NoisyVectors(
    const v1::Plan& plan, std::size_t num_weights, std::uint32_t cohort_min,
    std::uint32_t cohort_goal);

// What a round of the task costs at most: the smallest cohort is the dearest.
absl::StatusOr<v1::NoisyRelease> DearestRelease(const v1::Plan& plan,
                                                std::size_t num_weights,
                                                std::uint32_t cohort_min);
// What the session's round costs.
absl::StatusOr<v1::NoisyRelease> SessionRelease(
    const v1::Plan& plan, std::size_t num_weights,
    const v1::SessionManifest& manifest);

struct NoisyMean {
  std::vector<double> sum;  // of the updates, one entry a weight
  RoundMetrics metrics;
  double near_boundary = 0;  // 0 with a coordinator's noise, which it lacks
  std::vector<privacy::BandedRow> noise_rows = {};  // coordinator_noise.h
};

// FAILED_PRECONDITION: fewer devices than the noise was shared among, or a sum
// that is longer than clipped updates and their noise are but with probability
// below 2^-46; a coordinator's noise is added to a sum of which that is
// certain, see coordinator_noise.h for its errors. INVALID_ARGUMENT: sizes
// disagree. `sum` has a manifest, asserted, and a coordinator's noise if the
// plan has it.
absl::StatusOr<NoisyMean> DecodeNoisyRound(const v1::Plan& plan,
                                           std::size_t num_weights,
                                           const RoundSum& sum);

}  // namespace sotto::server

#endif  // SOTTO_SERVER_ROUNDS_NOISY_SUM_H_
