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
#include "base/bytes.h"
#include "crypto/secret.h"
#include "privacy/distributed/noisy_encoding.h"
#include "privacy/noise/banded_matrix.h"
#include "privacy/noise/integers.h"
#include "privacy/rounds/round_ledger.h"
#include "proto/messages/plan.pb.h"
#include "proto/messages/privacy_ledger.pb.h"

namespace sotto::privacy {

// Coordinates after the weights: accuracy, then loss.
inline constexpr std::size_t kRoundMetrics = 2;
// A mean training loss above it counts as it.
inline constexpr double kLossCap = 10;

// Rounds of a tree or matrix at most.
inline constexpr std::uint64_t kMaxNoiseRounds = 1 << 20;

// What the noise of a session depends on besides the plan.
struct SessionSize {
  std::uint32_t devices = 0;      // n
  std::uint32_t min_devices = 0;  // n_min
  double corrupted_fraction = 0;  // gamma
};

// That the plan's noise, budget, unit and sampling are all stated and known.
// INVALID_ARGUMENT names the field. The plan has `privacy`, asserted.
absl::Status CheckPrivacy(const v1::Plan& plan);

// The coordinator is trusted to add the noise; the devices add none.
bool IsCoordinatorNoise(const v1::Plan& plan);
// They share it among the members that n_min leaves, which no ring bounds
// (docs/protocol/secure_aggregation.md): such a session takes the complete
// graph. False where the plan has no noise.
bool IsDeviceNoise(const v1::Plan& plan);
// The rounds of the plan's tree or matrix, 0 where it has none.
std::uint64_t NoiseRounds(const v1::Plan& plan);
// The plan's banded matrix. INVALID_ARGUMENT: it is none.
absl::StatusOr<BandedMatrix> NoiseMatrix(const v1::Plan& plan);

// Of one coordinate of the metrics, a.
double MetricBound(const v1::Plan& plan);
// Of the weights, so that with the metrics the norm is at most c.
double WeightsClip(const v1::Plan& plan);
// sigma, in the unit of the update.
double CentralStd(const v1::Plan& plan);
// sigma of a matrix's noise in steps. INVALID_ARGUMENT: out of range.
absl::StatusOr<double> MatrixStdSteps(const v1::Plan& plan);
// Of a coordinator's other noise, in squared steps. INVALID_ARGUMENT: out of
// range.
absl::StatusOr<Variance> CoordinatorVariance(const v1::Plan& plan);

// CheckPrivacy, then NoisyEncoding::Create, with their errors. INVALID_ARGUMENT
// also: a coordinator's noise is out of range, or a matrix's rows, that it must
// keep, are too large together.
absl::StatusOr<NoisyEncoding> RoundEncoding(const v1::Plan& plan,
                                            std::size_t num_weights,
                                            const SessionSize& session);

// The seed of the rotation: of the session, or where the coordinator adds noise
// that belongs together over rounds, of the task.
crypto::Secret<32> RoundRotation(const v1::Plan& plan, ByteView session_id);

// What a ledger stores of a round of the plan, and back: the entry's noise, and
// its tree or matrix. INVALID_ARGUMENT: a noise that is not known.
v1::NoisyRelease ReleaseOf(const v1::Plan& plan, const NoisyEncoding& encoding);
absl::Status SetNoise(const v1::NoisyRelease& release, LedgerEntry& entry);

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_ROUNDS_ROUND_NOISE_H_
