#include "privacy/accounting/distributed_noise.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/status.h"
#include "privacy/accounting/ranges.h"
#include "privacy/accounting/rdp.h"

namespace sotto::privacy {
namespace {

constexpr double kNoiseInflation = 1 + 1e-14;
constexpr double kMaxRoundingGrowth = 1.1;

double Beta() { return std::exp(-0.5); }

// tau, rounded up: past the first 10^5 terms, which fall, each counts as the
// last.
double Tau(const DistributedNoise& noise) {
  const double m = static_cast<double>(noise.contributors);
  const double local = noise.scale * noise.central_std / std::sqrt(m);
  const double exponent =
      -2 * std::numbers::pi * std::numbers::pi * local * local;
  constexpr double kTerms = 100000;
  double sum = 0, term = 0;
  for (double j = 1; j < m && j <= kTerms; ++j) {
    term = std::exp(exponent * j / (j + 1));
    sum += term;
  }
  if (m - 1 > kTerms) sum += (m - 1 - kTerms) * term;
  return 10 * sum * kNoiseInflation;
}

double DiscreteGaussianRdp(const DistributedNoise& noise,
                           const RoundedSensitivity& sensitivity,
                           double order) {
  const double sigma = noise.central_std, tau = Tau(noise);
  const double d = static_cast<double>(noise.dimension);
  const double ratio = sensitivity.l2 / sigma;
  return std::min(
      {order / 2 * ratio * ratio + tau * d,
       order / 2 *
           (ratio * ratio + 2 * sensitivity.l1 * tau / sigma + tau * tau * d),
       order / 2 * std::pow(ratio + std::sqrt(d) * tau, 2)});
}

double SkellamRdp(const DistributedNoise& noise,
                  const RoundedSensitivity& sensitivity, double order) {
  const double mu = noise.central_std * noise.central_std, s = noise.scale;
  const double square = sensitivity.l2 * sensitivity.l2;
  return order * square / (2 * mu) +
         std::min(((2 * order - 1) * s * square + 6 * sensitivity.l1) /
                      (4 * s * s * s * mu * mu),
                  3 * sensitivity.l1 / (2 * s * mu));
}

}  // namespace

absl::StatusOr<double> RoundedNormBound(double scaled_clip,
                                        std::int64_t dimension, double beta) {
  SOTTO_RETURN_IF_ERROR(CheckRange("clip x scale", scaled_clip, 1e-6, 1e18));
  SOTTO_RETURN_IF_ERROR(CheckCount("dimension", dimension));
  if (!(beta >= 0 && beta < 1)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("beta is %g, must be at least 0 and below 1", beta));
  }
  const double d = static_cast<double>(dimension);
  const double always = scaled_clip + std::sqrt(d);
  if (beta == 0) return always;
  const double likely = std::sqrt(scaled_clip * scaled_clip + d / 4 +
                                  std::sqrt(2 * std::log(1 / beta)) *
                                      (scaled_clip + std::sqrt(d) / 2));
  return std::min(always, likely);
}

absl::StatusOr<RoundedSensitivity> SensitivityAfterRounding(
    const DistributedNoise& noise) {
  SOTTO_RETURN_IF_ERROR(CheckRange("clip", noise.clip, 1e-50, 1e50));
  SOTTO_RETURN_IF_ERROR(CheckRange("scale", noise.scale, 1e-50, 1e50));
  SOTTO_ASSIGN_OR_RETURN(
      const double bound,
      RoundedNormBound(noise.clip * noise.scale, noise.dimension, Beta()));
  const double l2 =
      bound / noise.scale * (noise.replace_adjacency ? 2 : 1) * kNoiseInflation;
  const double root = std::sqrt(static_cast<double>(noise.dimension));
  return RoundedSensitivity{.l2 = l2,
                            .l1 = l2 * std::min(root, noise.scale * l2)};
}

absl::StatusOr<double> DistributedNoiseRdp(const DistributedNoise& noise,
                                           double order) {
  SOTTO_RETURN_IF_ERROR(CheckOrder(order));
  SOTTO_ASSIGN_OR_RETURN(const RoundedSensitivity sensitivity,
                         SensitivityAfterRounding(noise));
  SOTTO_RETURN_IF_ERROR(CheckCount("contributors", noise.contributors));
  SOTTO_RETURN_IF_ERROR(CheckRange("noise std / sensitivity",
                                   noise.central_std / sensitivity.l2,
                                   kMinNoiseMultiplier, kMaxNoiseMultiplier));
  if (noise.kind == IntegerNoise::kSkellam) {
    if (order < 2 || order != std::floor(order)) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "order is %g, must be whole and at least 2 for Skellam noise",
          order));
    }
    return SkellamRdp(noise, sensitivity, order) * kNoiseInflation;
  }
  const double local = noise.scale * noise.central_std /
                       std::sqrt(static_cast<double>(noise.contributors));
  if (!(local >= 0.5)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("each device's noise is %g steps, must be at least "
                        "half a step: raise the "
                        "scale or the noise",
                        local));
  }
  return DiscreteGaussianRdp(noise, sensitivity, order) * kNoiseInflation;
}

absl::Status CheckScaleIsFine(const DistributedNoise& noise) {
  SOTTO_ASSIGN_OR_RETURN(
      const double bound,
      RoundedNormBound(noise.clip * noise.scale, noise.dimension, Beta()));
  const double growth = bound / (noise.clip * noise.scale);
  if (growth <= kMaxRoundingGrowth) return absl::OkStatus();
  // x = c s solves x^2 + d/4 + x + sqrt(d)/2 = growth^2 x^2.
  const double d = static_cast<double>(noise.dimension);
  const double room = kMaxRoundingGrowth * kMaxRoundingGrowth - 1;
  const double least =
      (1 + std::sqrt(1 + 4 * room * (d / 4 + std::sqrt(d) / 2))) / (2 * room);
  return absl::InvalidArgumentError(absl::StrFormat(
      "scale %g is too coarse: rounding %d coordinates raises the sensitivity "
      "from %g to %g; take a scale of at least %.0f",
      noise.scale, noise.dimension, noise.clip, growth * noise.clip,
      std::ceil(least / noise.clip)));
}

}  // namespace sotto::privacy
