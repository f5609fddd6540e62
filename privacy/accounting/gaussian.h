// The exact guarantee of the Gaussian mechanism, in both directions.
//
// A release whose neighbouring outputs are N(0, s^2) and N(D, s^2) depends on
// mu = D/s alone (sensitivity over standard deviation, no unit); a composition,
// a tree or a matrix mechanism of Gaussian noise is one such release with
// mu^2 = sum of mu_i^2 = 2 rho. It is (epsilon, delta)-private exactly for
//   delta(epsilon) = Phi(mu/2 - epsilon/mu) - e^epsilon Phi(-mu/2 - epsilon/mu)
// (Balle and Wang 2018, theorem 8). With a = epsilon/mu - mu/2, b = a + mu and
// the Mills ratio R this is phi(a) (R(a) - R(b)), which neither overflows nor
// cancels in the tails.
//
// Every result errs to the safe side by its own rounding error: delta, epsilon
// and sigma are never below the true value, mu never above.
//
// Ranges: mu in [1e-9, 1e6], epsilon >= 0 and finite, 0 < delta < 1; anything
// else, NaN included, is INVALID_ARGUMENT. Pure functions; thread-safe.

#ifndef SOTTO_PRIVACY_ACCOUNTING_GAUSSIAN_H_
#define SOTTO_PRIVACY_ACCOUNTING_GAUSSIAN_H_

#include "absl/status/statusor.h"

namespace sotto::privacy {

inline constexpr double kMinGaussianMu = 1e-9;
inline constexpr double kMaxGaussianMu = 1e6;

// ln delta(epsilon); finite also where delta itself would underflow.
absl::StatusOr<double> GaussianLogDelta(double mu, double epsilon);
absl::StatusOr<double> GaussianDelta(double mu, double epsilon);

// The least epsilon with delta(epsilon) <= delta; 0 where delta(0) is.
absl::StatusOr<double> GaussianEpsilon(double mu, double delta);

// The largest mu that is (epsilon, delta)-private: the noise multiplier to use
// is 1/mu. OUT_OF_RANGE where that is outside the range above.
absl::StatusOr<double> GaussianMu(double epsilon, double delta);
absl::StatusOr<double> GaussianNoiseMultiplier(double epsilon, double delta);

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_ACCOUNTING_GAUSSIAN_H_
