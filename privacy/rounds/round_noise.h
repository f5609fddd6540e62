// The noise of a training round, from its signed plan and the numbers of its
// session. The coordinator and every device ask here, so they agree to the bit
// or refuse (proto/messages/plan.proto, Privacy: the layout of the vector).
//
// Pure functions; thread-safe.

#ifndef SOTTO_PRIVACY_ROUNDS_ROUND_NOISE_H_
#define SOTTO_PRIVACY_ROUNDS_ROUND_NOISE_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "privacy/distributed/noisy_encoding.h"
#include "proto/messages/plan.pb.h"
#include "proto/messages/privacy_ledger.pb.h"

namespace sotto::privacy {

// Coordinates after the weights: accuracy, then loss.
inline constexpr std::size_t kRoundMetrics = 2;
// A mean training loss above it counts as it.
inline constexpr double kLossCap = 10;

// What the noise of a session depends on besides the plan.
struct SessionSize {
  std::uint32_t devices = 0;      // n
  std::uint32_t min_devices = 0;  // n_min
  double corrupted_fraction = 0;  // gamma
};

// That the plan's noise, budget, unit and sampling are all stated and known.
// INVALID_ARGUMENT names the field. The plan has `privacy`, asserted.
absl::Status CheckPrivacy(const v1::Plan& plan);

// Of one coordinate of the metrics, a.
double MetricBound(const v1::Plan& plan);
// Of the weights, so that with the metrics the norm is at most c.
double WeightsClip(const v1::Plan& plan);
// sigma.
double CentralStd(const v1::Plan& plan);

// CheckPrivacy, then NoisyEncoding::Create, with their errors.
absl::StatusOr<NoisyEncoding> RoundEncoding(const v1::Plan& plan,
                                            std::size_t num_weights,
                                            const SessionSize& session);

// What a ledger stores of a round, and back. INVALID_ARGUMENT: a noise that is
// not known.
v1::NoisyRelease ReleaseOf(const NoisyEncoding& encoding);
absl::StatusOr<DistributedNoise> NoiseOf(const v1::NoisyRelease& release);

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_ROUNDS_ROUND_NOISE_H_
