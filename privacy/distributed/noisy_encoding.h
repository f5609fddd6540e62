// The agreed form of noisy updates in a session: how devices turn a clipped
// real vector into residues mod 2^bits with noise, and how their sum turns back
// (Kairouz, Liu and Steinke 2021; Agarwal, Kairouz and Liu 2021).
//
//   device  clip to norm c, pad to d = 2^k, rotate, times s, round at random
//           until the norm is at most B2, add integer noise, mod 2^b
//   server  sum mod 2^b, centre to [-2^(b-1), 2^(b-1)), by s, rotate back
//
// Noise share. Of n devices floor(gamma n) may be corrupted and add none, so
// each adds the variance sigma^2 / m, m = n_min - floor(gamma n): the sum over
// any n_min of them has the standard deviation sigma at least. A session with
// fewer survivors must not be opened.
//
// Width. A coordinate of the sum has about the variance, in steps,
//   V = (c s n)^2 / d + n/4 + n sigma_l^2
// (aligned updates, rounding, noise), so Create demands 2 K sqrt(V) <= 2^b. A
// coordinate beyond half the modulus wraps and is wrong by 2^b / s; that costs
// accuracy, not privacy.
//
// Everybody who sees a manifest runs Create on it, so its refusals bind the
// coordinator and the device alike. Immutable and thread-safe.

#ifndef SOTTO_PRIVACY_DISTRIBUTED_NOISY_ENCODING_H_
#define SOTTO_PRIVACY_DISTRIBUTED_NOISY_ENCODING_H_

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "privacy/accounting/distributed_noise.h"
#include "privacy/noise/integers.h"

namespace sotto::privacy {

struct NoisyEncodingParams {
  // Absent: devices add no noise, the server adds it to the sum.
  std::optional<IntegerNoise> noise = std::nullopt;
  std::uint32_t dimension = 0;  // before padding, in [1, 2^28]
  double clip = 0;              // c, positive, in the update's unit
  double scale = 0;             // s, steps per unit; c s at most 2^31
  std::uint32_t bits = 0;       // b, in [8, 32]
  double central_std = 0;       // sigma, in the update's unit; 0 without noise
  std::uint32_t num_devices = 0;  // n, the most that the sum may hold
  std::uint32_t min_devices = 0;  // n_min, the fewest; at most n
  double corrupted_fraction = 0;  // gamma, in [0, 1)
  double wrap_stds = 4;           // K, in [3, 64]
};

class NoisyEncoding {
 public:
  // INVALID_ARGUMENT names the field that is out of range, or says with the
  // numbers why they do not go together: no honest device is certain, the scale
  // is too coarse for the clip (accounting/distributed_noise.h), noise of less
  // than half a step on a device, or too few bits and how many it takes.
  static absl::StatusOr<NoisyEncoding> Create(
      const NoisyEncodingParams& params);

  const NoisyEncodingParams& params() const { return params_; }
  std::uint32_t padded_dimension() const { return padded_dimension_; }
  // m.
  std::uint32_t honest_devices() const { return honest_devices_; }
  // Of one device, in squared steps; absent without noise.
  const std::optional<Variance>& local_variance() const {
    return local_variance_;
  }
  // Bound on the integers of one device before noise: floor(B2^2), B2 / s being
  // the sensitivity.
  std::uint64_t max_squared_norm() const { return max_squared_norm_; }
  // What the accountant needs; asserts that devices add noise.
  DistributedNoise accounting() const;

  // A bound on ln P[a given coordinate of the sum wraps], at most 0, when all
  // updates are aligned: sub-Gaussian tails of the rotation and the rounding
  // (whose redraws are ignored), and of the noise its own.
  double LogWrapProbability() const;

 private:
  NoisyEncoding() = default;

  NoisyEncodingParams params_;
  std::uint32_t padded_dimension_ = 0;
  std::uint32_t honest_devices_ = 0;
  std::optional<Variance> local_variance_;
  std::uint64_t max_squared_norm_ = 0;
};

// The largest scale that Create's width rule accepts, all else being as in
// `params`: the finest grid, so the least cost of rounding. INVALID_ARGUMENT:
// rounding alone needs more bits.
absl::StatusOr<double> LargestScale(const NoisyEncodingParams& params);

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_DISTRIBUTED_NOISY_ENCODING_H_
