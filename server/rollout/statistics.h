// The statistics that decide a rollout. Pure functions, no state.

#ifndef SOTTO_SERVER_ROLLOUT_STATISTICS_H_
#define SOTTO_SERVER_ROLLOUT_STATISTICS_H_

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"

namespace sotto::server {

// What one device observed of one metric: as many numbers as `count`.
struct MetricSample {
  std::uint64_t count = 0;
  double sum = 0;
  double sum_squares = 0;
};

// One arm's samples, pooled over its devices.
struct ArmEstimate {
  std::uint64_t devices = 0;
  std::uint64_t count = 0;
  double mean = 0;
  // Of the mean: the larger of two estimates, one that takes observations as
  // independent, one (from two devices on) that takes devices as independent.
  // Devices are what was randomised and their data differ, so the first alone
  // would call differences between people a regression.
  double variance_of_mean = 0;
};
ArmEstimate Pool(std::span<const MetricSample> devices);

// The one-sided, anytime-valid bound (Waudby-Smith et al., arXiv 2103.06476, in
// the form of docs/protocol/rollout.md): valid however often it is looked at.
struct Guardrail {
  double alpha = 0.05;            // in (0, 0.5)
  double expected_sample = 5000;  // n*, at which the bound is tightest; > 0
};
struct GuardrailBound {
  double difference = 0;  // treatment - control; lower is better
  double half_width = 0;
  bool regression = false;  // difference - half_width > 0
};
// INVALID_ARGUMENT: alpha or n* out of range, or an arm without observations.
absl::StatusOr<GuardrailBound> Bound(const Guardrail& guardrail,
                                     const ArmEstimate& control,
                                     const ArmEstimate& treatment);
// The half-width alone, for `n` observations and s^2 = n Var(difference).
double GuardrailHalfWidth(const Guardrail& guardrail, double n,
                          double s_squared);

// P[chi-square with `degrees` > x]; degrees at least 1, x at least 0.
double ChiSquareTail(double x, int degrees);

// Sample ratio mismatch: the p-value of `observed` counts under `expected`
// proportions (any positive scale). INVALID_ARGUMENT: fewer than two arms,
// other lengths, no observation, or a proportion that is not positive.
absl::StatusOr<double> SampleRatioPValue(
    std::span<const std::uint64_t> observed, std::span<const double> expected);

inline constexpr double kSampleRatioAlarm = 0.001;

}  // namespace sotto::server

#endif  // SOTTO_SERVER_ROLLOUT_STATISTICS_H_
