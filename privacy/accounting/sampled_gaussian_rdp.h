// Renyi differential privacy of one Gaussian step over a Poisson sample.
//
// With sampling probability q and noise multiplier s, the divergence of order
// alpha is ln(A) / (alpha - 1), where, for x = q (e^((2z-1)/(2 s^2)) - 1),
//   A = E[(1 + x)^alpha],  z ~ N(0, s^2)
// (Mironov, Talwar and Zhang 2019, section 3.3, who also show that this, the
// direction "remove", is the larger of the two). As E[x] = 0,
//   A - 1 = E[(1 + x)^alpha - 1 - alpha x],
// which has no negative term, so that small divergences keep their digits.
//
// Integer orders: the binomial sum over k >= 2 of
//   C(alpha, k) q^k (1-q)^(alpha-k) (e^((k^2-k)/(2 s^2)) - 1).
// Fractional orders: the trapezoidal rule, which for an integrand that is
// analytic in a strip of half width pi s^2 errs by less than e^-40 relative at
// the chosen step. (The series in the paper converges slowly or, with absolute
// values, to a few per cent too much.) Where the rule would need over 2^17
// points, s below about 0.06, the answer is the convex interpolation of ln A
// between the integer orders around alpha, which is an upper bound.
//
// Neighbours: one record more or less. No unit. Pure; thread-safe.

#ifndef SOTTO_PRIVACY_ACCOUNTING_SAMPLED_GAUSSIAN_RDP_H_
#define SOTTO_PRIVACY_ACCOUNTING_SAMPLED_GAUSSIAN_RDP_H_

#include "absl/status/statusor.h"

namespace sotto::privacy {

// The divergence of one step at `order`, rounded up. INVALID_ARGUMENT: order
// outside (1, 65536], sampling_probability outside [0, 1], or a noise
// multiplier outside the range of ranges.h.
absl::StatusOr<double> SampledGaussianRdp(double noise_multiplier,
                                          double sampling_probability,
                                          double order);

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_ACCOUNTING_SAMPLED_GAUSSIAN_RDP_H_
