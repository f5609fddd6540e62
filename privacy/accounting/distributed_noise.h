// Renyi divergences of integer noise that devices add themselves, before
// masking: the distributed discrete Gaussian (Kairouz, Liu and Steinke 2021,
// theorem 1) and the distributed Skellam mechanism (Agarwal, Kairouz and Liu
// 2021, theorem 3.5).
//
// Each of m honest devices clips its vector to the norm c, rotates it,
// multiplies it by the scale s (steps per unit), rounds it stochastically until
// its norm is at most B2, and adds integer noise of standard deviation s
// sigma_l; together sigma = sqrt(m) sigma_l. With d the padded dimension and
// beta = e^(-1/2),
//   B2 = min(c s + sqrt d,
//            sqrt(c^2 s^2 + d/4 + sqrt(2 ln(1/beta)) (c s + sqrt(d)/2))),
//   D2 = B2 / s,  D1 = D2 min(sqrt d, s D2),
//   tau = 10 sum_{j=1}^{m-1} e^(-2 pi^2 (s sigma_l)^2 j/(j+1)).
// At order a, per release:
//   discrete Gaussian   min of  a D2^2/(2 sigma^2) + tau d,
//                               a/2 (D2^2/sigma^2 + 2 D1 tau/sigma + tau^2 d),
//                               a/2 (D2/sigma + sqrt(d) tau)^2
//   Skellam, mu = sigma^2, whole orders of at least 2
//     a D2^2/(2 mu) + min(((2a-1) s D2^2 + 6 D1)/(4 s^3 mu^2), 3 D1/(2 s mu))
//
// m counts devices that are guaranteed honest and present: cohort floor less
// dropouts less colluders. Neighbours: a device's vector against none; against
// another vector both D's double. No amplification by sampling is assumed.
// Pure; thread-safe. INVALID_ARGUMENT names the field that is out of range.

#ifndef SOTTO_PRIVACY_ACCOUNTING_DISTRIBUTED_NOISE_H_
#define SOTTO_PRIVACY_ACCOUNTING_DISTRIBUTED_NOISE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sotto::privacy {

enum class IntegerNoise : std::uint8_t { kDiscreteGaussian, kSkellam };

struct DistributedNoise {
  IntegerNoise kind = IntegerNoise::kDiscreteGaussian;
  double clip = 0;                 // c, positive, in the vector's unit
  std::int64_t dimension = 0;      // d, padded, in [1, 2^40]
  double scale = 0;                // s, steps per unit, positive
  double central_std = 0;          // sigma, same unit as clip
  std::int64_t contributors = 0;   // m, in [1, 2^40]
  bool replace_adjacency = false;  // double the sensitivities
};

// B2 in steps, of a vector of norm `scaled_clip` = c s. beta in [0, 1); 0 never
// redraws.
absl::StatusOr<double> RoundedNormBound(double scaled_clip,
                                        std::int64_t dimension, double beta);

struct RoundedSensitivity {
  double l2 = 0, l1 = 0;  // D2 and D1, in the vector's unit
};
absl::StatusOr<RoundedSensitivity> SensitivityAfterRounding(
    const DistributedNoise& noise);

// One release at `order` (rdp.h). Also INVALID_ARGUMENT: noise below half a
// step on each device, where the discrete Gaussian's theorem does not hold, and
// for Skellam an order that is not whole.
absl::StatusOr<double> DistributedNoiseRdp(const DistributedNoise& noise,
                                           double order);

// Rounding may enlarge the sensitivity by a tenth, for calibration: a coarser
// scale pays for grid points with privacy. INVALID_ARGUMENT says which scale
// would do.
absl::Status CheckScaleIsFine(const DistributedNoise& noise);

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_ACCOUNTING_DISTRIBUTED_NOISE_H_
