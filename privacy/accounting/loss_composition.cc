#include "privacy/accounting/loss_composition.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include "base/status.h"
#include "privacy/accounting/log_space.h"
#include "privacy/accounting/tilted_sum.h"

namespace sotto::privacy {
namespace {

// What the window may leave out on either side, under the tilted distribution.
constexpr double kLogWindowTail = -26;

// The point of [low, high], taken as logarithms, where `value` is least; any
// point gives a valid bound.
template <typename Value>
double Minimize(double low, double high, Value value) {
  const double golden = 0.61803398874989484820;
  double a = std::log(low), b = std::log(high);
  double left = b - golden * (b - a), right = a + golden * (b - a);
  double at_left = value(std::exp(left)), at_right = value(std::exp(right));
  for (int i = 0; i < 26; ++i) {
    if (at_left <= at_right) {
      b = right;
      right = left;
      at_right = at_left;
      left = b - golden * (b - a);
      at_left = value(std::exp(left));
    } else {
      a = left;
      left = right;
      at_left = at_right;
      right = a + golden * (b - a);
      at_right = value(std::exp(right));
    }
  }
  return std::exp((a + b) / 2);
}

double LogMgfOf(const LossDistribution& loss,
                const std::vector<double>& log_mass, double theta) {
  double largest = kLogZero, sum = 0;
  const auto first = static_cast<double>(loss.lowest);
  for (std::size_t i = 0; i < log_mass.size(); ++i) {
    const double exponent =
        log_mass[i] + theta * loss.step * (first + static_cast<double>(i));
    if (exponent > largest) {
      sum = sum * std::exp(largest - exponent) + 1;
      largest = exponent;
    } else if (exponent > largest - 45) {
      sum += std::exp(exponent - largest);
    }
  }
  return largest + std::log(sum);
}

}  // namespace

void LossComposition::Add(LossDistribution loss, std::int64_t count) {
  assert(loss.step == step_ && count >= 1);
  std::vector<double> log_mass;
  log_mass.reserve(loss.mass.size());
  for (const double mass : loss.mass) {
    log_mass.push_back(mass > 0 ? std::log(mass) : kLogZero);
  }
  const auto releases = static_cast<double>(count);
  log_infinity_ =
      LogAdd(log_infinity_, LogAnyOf(std::log(loss.infinity_mass), releases));
  num_releases_ += releases;
  parts_.push_back({std::move(loss), std::move(log_mass), releases});
}

double LossComposition::LogMgf(double theta) const {
  double sum = 0;
  for (const Part& part : parts_) {
    sum += part.count * LogMgfOf(part.loss, part.log_mass, theta);
  }
  return sum;
}

LossComposition::Moments LossComposition::TiltedMoments(double theta) const {
  Moments total{};
  for (const Part& part : parts_) {
    const double log_mgf = LogMgfOf(part.loss, part.log_mass, theta);
    const auto first = static_cast<double>(part.loss.lowest);
    double mean = 0, square = 0;
    for (std::size_t i = 0; i < part.log_mass.size(); ++i) {
      const double loss = step_ * (first + static_cast<double>(i));
      const double mass = std::exp(part.log_mass[i] + theta * loss - log_mgf);
      mean += mass * loss;
      square += mass * loss * loss;
    }
    total.mean += part.count * mean;
    total.variance += part.count * std::max(0.0, square - mean * mean);
  }
  return total;
}

absl::StatusOr<LossComposition::Tail> LossComposition::TailAt(
    double theta, std::size_t max_points) const {
  const double log_mgf = LogMgf(theta);
  const Moments moments = TiltedMoments(theta);
  // Chernoff bounds of the tilted sum, at a few exponents around that of a
  // normal distribution of the same variance.
  const double base = std::sqrt(-2 * kLogWindowTail /
                                std::max(moments.variance, step_ * step_));
  double top = 1e300, bottom = -1e300;
  for (int i = -5; i <= 2; ++i) {
    const double t = std::ldexp(base, i);
    top = std::min(top, (LogMgf(theta + t) - log_mgf - kLogWindowTail) / t);
    bottom =
        std::max(bottom, (log_mgf + kLogWindowTail - LogMgf(theta - t)) / t);
  }
  const double lowest = std::floor(bottom / step_);
  const double highest = std::ceil(top / step_);
  if (!(highest - lowest + 2 <= static_cast<double>(max_points))) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("losses from %g to %g take more than %d steps of %g",
                        bottom, top, max_points, step_));
  }

  TiltedSum sum(static_cast<std::size_t>(highest - lowest) + 2);
  for (const Part& part : parts_) {
    sum.Add({.loss = part.loss,
             .log_mass = part.log_mass,
             .theta = theta,
             .log_mgf = LogMgfOf(part.loss, part.log_mass, theta),
             .count = part.count});
  }
  // No mass of the sum is above `masses`: each entry carries its error bound.
  const std::vector<double> masses =
      std::move(sum).UpperBounds(static_cast<std::int64_t>(lowest));

  Tail tail{
      .lowest = lowest,
      .window = top - bottom,
      .log_scale = log_mgf - theta * moments.mean +
                   num_releases_ * 2 * kMassRelativeError,
      .constant = std::exp(log_infinity_) +
                  std::exp(log_mgf - theta * step_ * highest + kLogWindowTail),
      .delta = std::vector<double>(masses.size()),
      .mass_above = std::vector<double>(masses.size())};
  // From the top: delta(e) = e^-step delta(e + step) + (1 - e^-step) P(loss >
  // e), every term positive.
  const double keep = std::exp(-step_), gain = -std::expm1(-step_);
  double above = 0, delta = 0;
  for (std::size_t i = masses.size(); i-- > 0;) {
    tail.delta[i] = delta = keep * delta + gain * above;
    tail.mass_above[i] = above;
    const double loss = step_ * (lowest + static_cast<double>(i));
    // Overflows to infinity far below the question, where it is never read.
    above += masses[i] * std::exp(theta * (moments.mean - loss));
  }
  return tail;
}

absl::StatusOr<LossComposition::Answer> LossComposition::Epsilon(
    double delta, std::size_t max_points) const {
  assert(delta > 0 && delta < 1 && !parts_.empty());
  const double finite = delta - std::exp(log_infinity_);
  if (!(finite > 0)) {
    return absl::OutOfRangeError(absl::StrFormat(
        "no epsilon has delta %g: a loss is unbounded with probability %g",
        delta, std::exp(log_infinity_)));
  }
  const double theta = Minimize(1e-4, 1 / step_, [&](double t) {
    return (LogMgf(t) - std::log(finite)) / t;
  });
  SOTTO_ASSIGN_OR_RETURN(const Tail tail, TailAt(theta, max_points));
  // What the exponentials here and in TailAt may be off by.
  const double error = 1e-15 * (16 + std::fabs(tail.log_scale));
  const double target =
      (delta - tail.constant) * (1 - error) * std::exp(-tail.log_scale);
  if (!(target > 0)) {
    return absl::OutOfRangeError(
        absl::StrFormat("delta %g is within the error of the window, %g", delta,
                        tail.constant));
  }
  std::size_t i = tail.delta.size() - 1;
  while (i > 0 && tail.delta[i - 1] <= target) --i;
  double epsilon = step_ * (tail.lowest + static_cast<double>(i));
  if (i > 0) {
    // The chord in e^epsilon to the point below, whose delta is above the
    // target.
    const double part =
        (target - tail.delta[i]) / (tail.delta[i - 1] - tail.delta[i]);
    epsilon +=
        std::log1p(part * std::expm1(-step_)) + 1e-15 * std::fabs(epsilon);
  }
  return Answer{std::max(0.0, epsilon), tail.window};
}

absl::StatusOr<LossComposition::Answer> LossComposition::Delta(
    double epsilon, std::size_t max_points) const {
  assert(epsilon >= 0 && !parts_.empty());
  const double theta = Minimize(
      1e-4, 1 / step_, [&](double t) { return LogMgf(t) - t * epsilon; });
  SOTTO_ASSIGN_OR_RETURN(const Tail tail, TailAt(theta, max_points));
  const double error = 1e-15 * (16 + std::fabs(tail.log_scale));
  const double position = epsilon / step_ - tail.lowest;
  const auto last = static_cast<double>(tail.delta.size() - 1);
  if (position < 0) {
    // Below the window: continue the recurrence over the gap; the mass that the
    // window leaves out below is in `constant`'s order and counted once more.
    const double gap = -position * step_;
    const double value =
        std::exp(-gap) * tail.delta[0] - std::expm1(-gap) * tail.mass_above[0];
    return Answer{std::min(1.0, value * std::exp(tail.log_scale) +
                                    tail.constant + std::exp(kLogWindowTail)),
                  tail.window};
  }
  if (position >= last)
    return Answer{std::min(1.0, tail.constant), tail.window};
  const auto i = static_cast<std::size_t>(position);
  const double offset = (position - static_cast<double>(i)) * step_;
  const double part = std::expm1(offset) / std::expm1(step_);
  const double value =
      tail.delta[i] + part * (tail.delta[i + 1] - tail.delta[i]);
  return Answer{std::min(1.0, value * std::exp(tail.log_scale) * (1 + error) +
                                  tail.constant),
                tail.window};
}

}  // namespace sotto::privacy
