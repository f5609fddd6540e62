// Zero-concentrated differential privacy (Bun and Steinke 2016): a release is
// rho-zCDP where its Renyi divergence is at most rho * order at every order.
//
// Gaussian noise: rho = sensitivity^2 / (2 std^2); rhos add under composition.
// Two conversions to (epsilon, delta):
//   * of anything that is rho-zCDP, the tight Renyi conversion of rdp.h
//   minimised
//     over every order above 1 (Canonne, Kamath and Steinke 2020, corollary
//     13);
//   * of a release that is Gaussian (one release, a composition, a tree, a
//   matrix
//     mechanism), the exact curve at mu = sqrt(2 rho), which is smaller. It is
//     not valid for discrete Gaussian or Skellam noise.
//
// rho in [1e-18, 1e9]; no unit. INVALID_ARGUMENT names the argument. Pure;
// thread-safe.

#ifndef SOTTO_PRIVACY_ACCOUNTING_ZCDP_H_
#define SOTTO_PRIVACY_ACCOUNTING_ZCDP_H_

#include "absl/status/statusor.h"

namespace sotto::privacy {

// sensitivity^2 / (2 std^2), both in the same unit and positive.
absl::StatusOr<double> GaussianRho(double sensitivity, double std);

// The mu of the Gaussian release with this rho.
absl::StatusOr<double> MuFromRho(double rho);

absl::StatusOr<double> ZcdpEpsilon(double rho, double delta);
absl::StatusOr<double> ZcdpDelta(double rho, double epsilon);
absl::StatusOr<double> GaussianEpsilonFromRho(double rho, double delta);

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_ACCOUNTING_ZCDP_H_
