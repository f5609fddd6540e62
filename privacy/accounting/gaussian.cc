#include "privacy/accounting/gaussian.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/status.h"
#include "privacy/accounting/normal.h"
#include "privacy/accounting/ranges.h"

namespace sotto::privacy {
namespace {

constexpr double kUnit = 0x1p-53;
constexpr double kSqrtHalf = 0.70710678118654752440;

// An upper bound on ln delta(epsilon), above it by rounding only.
double LogDeltaAbove(double mu, double epsilon) {
  const double a = epsilon / mu - mu / 2;
  const double b = epsilon / mu + mu / 2;
  // Beyond any use: 1 - Phi(a) <= e^(-a^2/2).
  if (a > 1e7) return -0.4999 * a * a;
  // What a's own rounding does to a^2/2.
  const double argument_error = 4 * kUnit * (1 + std::fabs(a)) * (1 + b);
  const double tail_b = MillsRatio(b);
  if (a >= 0) {
    const double tail_a = MillsRatio(a);
    const double difference =
        tail_a - tail_b + kMillsRelativeError * (tail_a + tail_b);
    return std::min(
        0.0, std::log(difference) - a * a / 2 - kLogSqrtTwoPi + argument_error);
  }
  const double left = 0.5 * std::erfc(a * kSqrtHalf);
  const double right = std::exp(-a * a / 2 - kLogSqrtTwoPi) * tail_b;
  const double difference =
      left - right + (kMillsRelativeError + argument_error) * (left + right);
  return std::min(0.0, std::log(difference) + argument_error);
}

absl::Status CheckMu(double mu) {
  return CheckRange("mu (sensitivity / noise)", mu, kMinGaussianMu,
                    kMaxGaussianMu);
}

// Halves [low, high] until the ends are neighbours to a few units in the last
// place; `keep_high` says that the answer is at or below the middle.
template <typename KeepHigh>
void Bisect(double& low, double& high, KeepHigh keep_high) {
  for (int i = 0; i < 200; ++i) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) return;
    (keep_high(middle) ? high : low) = middle;
  }
}

}  // namespace

absl::StatusOr<double> GaussianLogDelta(double mu, double epsilon) {
  SOTTO_RETURN_IF_ERROR(CheckMu(mu));
  SOTTO_RETURN_IF_ERROR(CheckEpsilon(epsilon));
  return LogDeltaAbove(mu, epsilon);
}

absl::StatusOr<double> GaussianDelta(double mu, double epsilon) {
  SOTTO_ASSIGN_OR_RETURN(const double log_delta, GaussianLogDelta(mu, epsilon));
  // Never a claim of pure privacy, which no Gaussian gives.
  return std::clamp(std::exp(log_delta) * (1 + 4 * kUnit),
                    std::numeric_limits<double>::min(), 1.0);
}

absl::StatusOr<double> GaussianEpsilon(double mu, double delta) {
  SOTTO_RETURN_IF_ERROR(CheckMu(mu));
  SOTTO_RETURN_IF_ERROR(CheckDelta(delta));
  const double log_delta = std::log(delta) - 2 * kUnit * -std::log(delta);
  if (LogDeltaAbove(mu, 0) <= log_delta) return 0.0;
  // At the upper end delta <= 1 - Phi(sqrt(2 ln(1/delta))) < delta.
  double low = 0, high = mu * mu / 2 + mu * (1 + std::sqrt(-2 * log_delta));
  Bisect(low, high, [&](double epsilon) {
    return LogDeltaAbove(mu, epsilon) <= log_delta;
  });
  return high;
}

absl::StatusOr<double> GaussianMu(double epsilon, double delta) {
  SOTTO_RETURN_IF_ERROR(CheckEpsilon(epsilon));
  SOTTO_RETURN_IF_ERROR(CheckDelta(delta));
  const double log_delta = std::log(delta) - 2 * kUnit * -std::log(delta);
  double low = kMinGaussianMu, high = kMaxGaussianMu;
  if (LogDeltaAbove(low, epsilon) > log_delta ||
      LogDeltaAbove(high, epsilon) <= log_delta) {
    return absl::OutOfRangeError(absl::StrFormat(
        "no noise multiplier in [%g, %g] belongs to epsilon %g, delta %g",
        1 / kMaxGaussianMu, 1 / kMinGaussianMu, epsilon, delta));
  }
  Bisect(low, high,
         [&](double mu) { return LogDeltaAbove(mu, epsilon) > log_delta; });
  return low;
}

absl::StatusOr<double> GaussianNoiseMultiplier(double epsilon, double delta) {
  SOTTO_ASSIGN_OR_RETURN(const double mu, GaussianMu(epsilon, delta));
  return 1 / mu * (1 + 2 * kUnit);
}

}  // namespace sotto::privacy
