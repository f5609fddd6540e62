#include "privacy/accounting/zcdp.h"

#include <algorithm>
#include <cmath>

#include "base/status.h"
#include "privacy/accounting/gaussian.h"
#include "privacy/accounting/ranges.h"
#include "privacy/accounting/rdp.h"

namespace sotto::privacy {
namespace {

absl::Status CheckRho(double rho) { return CheckRange("rho", rho, 1e-18, 1e9); }

// The least of `value` over orders 1 + e^u; each order gives a valid bound, so
// where the search stops matters for tightness alone.
template <typename Value>
double MinimizeOverOrders(Value value) {
  const double golden = (std::sqrt(5.0) - 1) / 2;
  double low = std::log(0.01), high = std::log(1e12);
  double left = high - golden * (high - low),
         right = low + golden * (high - low);
  double at_left = value(1 + std::exp(left)),
         at_right = value(1 + std::exp(right));
  for (int i = 0; i < 100; ++i) {
    if (at_left <= at_right) {
      high = right;
      right = left;
      at_right = at_left;
      left = high - golden * (high - low);
      at_left = value(1 + std::exp(left));
    } else {
      low = left;
      left = right;
      at_left = at_right;
      right = low + golden * (high - low);
      at_right = value(1 + std::exp(right));
    }
  }
  return std::min(at_left, at_right);
}

}  // namespace

absl::StatusOr<double> GaussianRho(double sensitivity, double std) {
  SOTTO_RETURN_IF_ERROR(CheckRange("sensitivity", sensitivity, 1e-100, 1e100));
  SOTTO_RETURN_IF_ERROR(CheckRange("noise std", std, 1e-100, 1e100));
  const double mu = sensitivity / std;
  SOTTO_RETURN_IF_ERROR(CheckRho(mu * mu / 2));
  return mu * mu / 2 * (1 + 0x1p-50);
}

absl::StatusOr<double> MuFromRho(double rho) {
  SOTTO_RETURN_IF_ERROR(CheckRho(rho));
  return std::sqrt(2 * rho) * (1 + 0x1p-51);
}

absl::StatusOr<double> ZcdpEpsilon(double rho, double delta) {
  SOTTO_RETURN_IF_ERROR(CheckRho(rho));
  SOTTO_RETURN_IF_ERROR(CheckDelta(delta));
  return MinimizeOverOrders(
      [&](double order) { return EpsilonAtOrder(order, rho * order, delta); });
}

absl::StatusOr<double> ZcdpDelta(double rho, double epsilon) {
  SOTTO_RETURN_IF_ERROR(CheckRho(rho));
  SOTTO_RETURN_IF_ERROR(CheckEpsilon(epsilon));
  return MinimizeOverOrders(
      [&](double order) { return DeltaAtOrder(order, rho * order, epsilon); });
}

absl::StatusOr<double> GaussianEpsilonFromRho(double rho, double delta) {
  SOTTO_ASSIGN_OR_RETURN(const double mu, MuFromRho(rho));
  return GaussianEpsilon(mu, delta);
}

}  // namespace sotto::privacy
