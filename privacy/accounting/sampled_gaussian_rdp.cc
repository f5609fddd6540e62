#include "privacy/accounting/sampled_gaussian_rdp.h"

#include <algorithm>
#include <cmath>

#include "base/status.h"
#include "privacy/accounting/log_space.h"
#include "privacy/accounting/normal.h"
#include "privacy/accounting/ranges.h"
#include "privacy/accounting/rdp.h"

namespace sotto::privacy {
namespace {

// Covers the rounding of every sum below.
constexpr double kSeriesInflation = 1e-13;
constexpr double kMaxPoints = 131072;

struct Step {
  double noise, q;
};

// ln(e^log_excess + 1), the log of A from the log of A - 1.
double LogOnePlus(double log_excess) { return LogAdd(log_excess, 0); }

// ln A at an integer order of at least 1.
double LogMomentInteger(const Step& step, int order) {
  const double log_q = std::log(step.q), log_rest = std::log1p(-step.q);
  double log_excess = kLogZero;
  double log_choose = std::log(static_cast<double>(order));  // C(order, 1)
  for (int k = 2; k <= order; ++k) {
    log_choose += std::log((order - k + 1.0) / k);
    const double exponent = k * (k - 1.0) / (2 * step.noise * step.noise);
    log_excess =
        LogAdd(log_excess, log_choose + k * log_q + (order - k) * log_rest +
                               LogExpm1(exponent));
  }
  // Each term carries the rounding of at most `order` steps of log_choose.
  return LogOnePlus(log_excess + order * 0x1p-50);
}

// (1 + x)^order - 1 - order x, for x > -1.
double Excess(double x, double order) {
  if (std::fabs(x) * order < 1e-3) {
    // Binomial series from x^2 on; the sixth term is below 1e-15 of the first.
    double term = order * (order - 1) / 2 * x * x, sum = term;
    for (int k = 3; k <= 7; ++k) {
      term *= (order - k + 1) / k * x;
      sum += term;
    }
    return sum;
  }
  return std::expm1(order * std::log1p(x)) - order * x;
}

// ln A at any order above 1 by the trapezoidal rule, `points` of width `width`
// from `start` on.
double LogMomentQuadrature(const Step& step, double order, double start,
                           double width, int points) {
  const double variance = step.noise * step.noise;
  const double log_q = std::log(step.q), log_rest = std::log1p(-step.q);
  double log_sum = kLogZero, excess = 0;
  for (int i = 0; i < points; ++i) {
    const double z = start + width * i;
    const double exponent = (2 * z - 1) / (2 * variance);
    const double log_density = -z * z / (2 * variance);
    const double log_ratio = LogAdd(log_rest, log_q + exponent);
    log_sum = LogAdd(log_sum, log_density + order * log_ratio);
    if (log_ratio * order < 600) {
      const double x = step.q * std::expm1(exponent);
      excess += std::exp(log_density) * Excess(x, order);
    }
  }
  const double log_scale = std::log(width / step.noise) - kLogSqrtTwoPi;
  const double log_moment = log_sum + log_scale;
  // Small moments from the sum without cancellation, large ones from the sum
  // without overflow.
  return log_moment > 1 ? log_moment + kSeriesInflation * points
                        : std::log1p(excess * std::exp(log_scale));
}

double LogMomentFractional(const Step& step, double order) {
  // Half of the strip where the integrand is analytic sets one limit, the width
  // of the normal density the other.
  const double variance = step.noise * step.noise;
  const double width =
      std::min(step.noise / 3, 17 * variance / (60 + 4 * variance));
  const double start = -14 * step.noise, end = order + 14 * step.noise;
  const double points = std::ceil((end - start) / width) + 1;
  if (points <= kMaxPoints) {
    return LogMomentQuadrature(step, order, start, width,
                               static_cast<int>(points));
  }
  const double below = std::floor(order), weight = order - below;
  return (1 - weight) * LogMomentInteger(step, static_cast<int>(below)) +
         weight * LogMomentInteger(step, static_cast<int>(below) + 1);
}

}  // namespace

absl::StatusOr<double> SampledGaussianRdp(double noise_multiplier,
                                          double sampling_probability,
                                          double order) {
  SOTTO_RETURN_IF_ERROR(CheckNoiseMultiplier(noise_multiplier));
  SOTTO_RETURN_IF_ERROR(
      CheckRange("sampling probability", sampling_probability, 0, 1));
  SOTTO_RETURN_IF_ERROR(CheckOrder(order));
  if (sampling_probability == 0) return 0.0;
  if (sampling_probability == 1) {
    return order / (2 * noise_multiplier * noise_multiplier) *
           (1 + kSeriesInflation);
  }
  const Step step{noise_multiplier, sampling_probability};
  const double log_moment =
      order == std::floor(order)
          ? LogMomentInteger(step, static_cast<int>(order))
          : LogMomentFractional(step, order);
  return log_moment / (order - 1) * (1 + kSeriesInflation);
}

}  // namespace sotto::privacy
