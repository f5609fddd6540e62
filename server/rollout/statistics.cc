#include "server/rollout/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sotto::server {

ArmEstimate Pool(std::span<const MetricSample> devices) {
  ArmEstimate arm;
  double sum = 0, sum_squares = 0;
  for (const MetricSample& device : devices) {
    if (device.count == 0) continue;
    ++arm.devices;
    arm.count += device.count;
    sum += device.sum;
    sum_squares += device.sum_squares;
  }
  if (arm.count == 0) return arm;
  const double n = static_cast<double>(arm.count);
  arm.mean = sum / n;
  const double spread = std::max(0.0, sum_squares / n - arm.mean * arm.mean);
  arm.variance_of_mean = spread / n;
  if (arm.devices >= 2) {
    double squares = 0;
    for (const MetricSample& device : devices) {
      const double residual =
          device.sum - arm.mean * static_cast<double>(device.count);
      squares += residual * residual;
    }
    const double m = static_cast<double>(arm.devices);
    arm.variance_of_mean =
        std::max(arm.variance_of_mean, m / (m - 1) * squares / (n * n));
  }
  return arm;
}

double GuardrailHalfWidth(const Guardrail& guardrail, double n,
                          double s_squared) {
  const double log_term = -2 * std::log(2 * guardrail.alpha);
  const double rho_squared =
      (log_term + std::log(log_term + 1)) / guardrail.expected_sample;
  const double scaled = n * rho_squared + 1;
  return std::sqrt(s_squared * 2 * scaled / (n * n * rho_squared) *
                   std::log(1 + std::sqrt(scaled) / (2 * guardrail.alpha)));
}

absl::StatusOr<GuardrailBound> Bound(const Guardrail& guardrail,
                                     const ArmEstimate& control,
                                     const ArmEstimate& treatment) {
  if (!(guardrail.alpha > 0 && guardrail.alpha < 0.5) ||
      !(guardrail.expected_sample > 0)) {
    return absl::InvalidArgumentError(
        "guardrail: wants alpha in (0, 0.5) and an expected sample above 0");
  }
  if (control.count == 0 || treatment.count == 0) {
    return absl::InvalidArgumentError(
        "guardrail: an arm has no observation yet");
  }
  const double n = static_cast<double>(control.count + treatment.count);
  GuardrailBound bound;
  bound.difference = treatment.mean - control.mean;
  bound.half_width = GuardrailHalfWidth(
      guardrail, n,
      n * (control.variance_of_mean + treatment.variance_of_mean));
  bound.regression = bound.difference - bound.half_width > 0;
  return bound;
}

double ChiSquareTail(double x, int degrees) {
  // Q(a + 1, y) = Q(a, y) + y^a e^-y / Gamma(a + 1), from Q(1/2, y) or Q(1, y).
  const double y = x / 2;
  const bool odd = degrees % 2 != 0;
  double a = odd ? 0.5 : 1.0;
  double tail = odd ? std::erfc(std::sqrt(y)) : std::exp(-y);
  for (; a < degrees / 2.0; a += 1) {
    tail += y > 0 ? std::exp(a * std::log(y) - y - std::lgamma(a + 1)) : 0;
  }
  return tail;
}

absl::StatusOr<double> SampleRatioPValue(
    std::span<const std::uint64_t> observed, std::span<const double> expected) {
  const std::uint64_t total =
      std::accumulate(observed.begin(), observed.end(), std::uint64_t{0});
  if (observed.size() < 2 || observed.size() != expected.size() || total == 0) {
    return absl::InvalidArgumentError(
        "sample ratio: wants two arms or more, a proportion for each, and at "
        "least one observation");
  }
  if (!std::ranges::all_of(expected, [](double e) { return e > 0; })) {
    return absl::InvalidArgumentError(
        "sample ratio: a proportion is not positive");
  }
  const double scale = static_cast<double>(total) /
                       std::accumulate(expected.begin(), expected.end(), 0.0);
  double statistic = 0;
  for (std::size_t i = 0; i < observed.size(); ++i) {
    const double e = expected[i] * scale;
    const double d = static_cast<double>(observed[i]) - e;
    statistic += d * d / e;
  }
  return ChiSquareTail(statistic, static_cast<int>(observed.size()) - 1);
}

}  // namespace sotto::server
