#include "privacy/accounting/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/status.h"
#include "privacy/accounting/ranges.h"
#include "privacy/accounting/rdp.h"
#include "privacy/accounting/tree_sensitivity.h"

namespace sotto::privacy {
namespace {

constexpr double kTolerance = 1e-4;
constexpr double kMaxCalibrated = 1e6;

struct Target {
  Adjacency adjacency;
  double epsilon, delta;
};

// Noise that was tried, with what it gives; infinite where nothing bounds it.
struct Trial {
  double noise = 0;
  Guarantee guarantee;
};

absl::StatusOr<Trial> Try(const Mechanism& mechanism, const Target& target,
                          double noise) {
  Trial trial{.noise = noise, .guarantee = {}};
  auto guarantee = AccountEpsilon(WithNoise(mechanism, noise), target.adjacency,
                                  target.delta);
  if (guarantee.ok()) {
    trial.guarantee = *std::move(guarantee);
  } else if (absl::IsOutOfRange(guarantee.status())) {
    trial.guarantee.epsilon = std::numeric_limits<double>::infinity();
  } else {
    return guarantee.status();
  }
  return trial;
}

// The least noise that is accounted for, and the unit that multipliers are of.
struct Scale {
  double least, unit;
};

Scale ScaleOf(const Mechanism& mechanism) {
  if (std::holds_alternative<SampledSteps>(mechanism)) return {0.05, 1};
  const auto* run = std::get_if<DistributedReleases>(&mechanism);
  if (run == nullptr) return {0.01, 1};
  const double half_step =
      0.5 * std::sqrt(static_cast<double>(run->noise.contributors)) /
      run->noise.scale;
  return {std::max(0.01 * run->noise.clip, half_step * (1 + 1e-12)),
          run->noise.clip};
}

// Noise near the answer for sampled steps, from Renyi curves alone: they are a
// hundred times faster than loss distributions and ask for a little more.
absl::StatusOr<double> RenyiNoise(const SampledSteps& run, double least,
                                  const Target& target) {
  double low = std::log(least), high = std::log(kMaxCalibrated);
  for (int i = 0; i < 14; ++i) {
    const double middle = (low + high) / 2;
    SOTTO_ASSIGN_OR_RETURN(RdpAccountant renyi,
                           RdpAccountant::Create(DefaultRdpOrders()));
    SOTTO_RETURN_IF_ERROR(renyi.AddSampledGaussian(
        std::exp(middle), run.sampling_probability, run.steps));
    SOTTO_ASSIGN_OR_RETURN(const RdpBound bound, renyi.Epsilon(target.delta));
    (bound.value <= target.epsilon ? high : low) = middle;
  }
  return std::exp(high);
}

// Between noise that is too little and noise that is enough, where a power law
// through both meets the target.
double Interpolate(const Trial& too_little, const Trial& enough,
                   double epsilon) {
  double part = 0.5;
  if (std::isfinite(too_little.guarantee.epsilon) &&
      enough.guarantee.epsilon > 0) {
    const double above = std::log(too_little.guarantee.epsilon / epsilon);
    const double below = std::log(epsilon / enough.guarantee.epsilon);
    part = std::clamp(above / (above + below), 0.02, 0.98);
  }
  // A little to the safe side, so that the search mostly ends on it.
  return too_little.noise * std::pow(enough.noise / too_little.noise, part) *
         (1 + kTolerance / 4);
}

}  // namespace

absl::StatusOr<Calibration> CalibrateNoise(const Mechanism& mechanism,
                                           Adjacency adjacency, double epsilon,
                                           double delta) {
  const Target target{adjacency, epsilon, delta};
  SOTTO_RETURN_IF_ERROR(CheckDelta(delta));
  if (!(epsilon > 0 && std::isfinite(epsilon))) {
    return absl::InvalidArgumentError(
        absl::StrFormat("epsilon is %g, must be finite and above 0", epsilon));
  }
  if (const auto* run = std::get_if<DistributedReleases>(&mechanism)) {
    SOTTO_RETURN_IF_ERROR(CheckScaleIsFine(run->noise));
  }
  if (const auto* run = std::get_if<TreeRun>(&mechanism)) {
    // Searching the tree's worst pattern once is enough: the run costs what as
    // many plain releases cost.
    SOTTO_ASSIGN_OR_RETURN(const TreeSensitivity sensitivity,
                           TreeSquaredSensitivity(run->participation));
    SOTTO_ASSIGN_OR_RETURN(
        Calibration plain,
        CalibrateNoise(
            GaussianReleases{0, static_cast<std::int64_t>(sensitivity.squared)},
            adjacency, epsilon, delta));
    plain.mechanism = WithNoise(mechanism, NoiseOf(plain.mechanism));
    plain.guarantee.squared_sensitivity = sensitivity.squared;
    return plain;
  }
  const Scale scale = ScaleOf(mechanism);
  SOTTO_ASSIGN_OR_RETURN(Trial too_little, Try(mechanism, target, scale.least));
  if (too_little.guarantee.epsilon <= epsilon) {
    return Calibration{WithNoise(mechanism, too_little.noise),
                       std::move(too_little.guarantee)};
  }
  double first = std::max(scale.unit, 2 * scale.least);
  if (const auto* run = std::get_if<SampledSteps>(&mechanism)) {
    SOTTO_ASSIGN_OR_RETURN(first, RenyiNoise(*run, scale.least, target));
  }
  SOTTO_ASSIGN_OR_RETURN(Trial enough, Try(mechanism, target, first));
  while (enough.guarantee.epsilon > epsilon) {
    if (enough.noise > kMaxCalibrated * scale.unit) {
      return absl::OutOfRangeError(absl::StrFormat(
          "no noise multiplier up to %g is enough for epsilon %g at delta %g",
          kMaxCalibrated, epsilon, delta));
    }
    too_little = std::move(enough);
    SOTTO_ASSIGN_OR_RETURN(enough,
                           Try(mechanism, target, 2 * too_little.noise));
  }
  int tries = 0;
  while (enough.guarantee.epsilon < epsilon * (1 - kTolerance) &&
         enough.noise > too_little.noise * (1 + kTolerance / 100)) {
    double noise = Interpolate(too_little, enough, epsilon);
    // One end may stay where it is while the other creeps: halve then.
    if (noise >= enough.noise || ++tries % 4 == 0) {
      noise = std::sqrt(too_little.noise * enough.noise);
    }
    SOTTO_ASSIGN_OR_RETURN(Trial trial, Try(mechanism, target, noise));
    (trial.guarantee.epsilon <= epsilon ? enough : too_little) =
        std::move(trial);
  }
  return Calibration{WithNoise(mechanism, enough.noise),
                     std::move(enough.guarantee)};
}

}  // namespace sotto::privacy
