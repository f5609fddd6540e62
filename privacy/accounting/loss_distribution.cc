#include "privacy/accounting/loss_distribution.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <numeric>

#include "base/status.h"
#include "privacy/accounting/log_space.h"
#include "privacy/accounting/normal.h"
#include "privacy/accounting/ranges.h"

namespace sotto::privacy {
namespace {

struct Node {
  double at, weight;
};
// Gauss and Legendre's nodes on [-1, 1].
constexpr std::array<Node, 4> kFour = {
    {{-0.86113631159405257522, 0.34785484513745385737},
     {-0.33998104358485626480, 0.65214515486254614263},
     {0.33998104358485626480, 0.65214515486254614263},
     {0.86113631159405257522, 0.34785484513745385737}}};
constexpr std::array<Node, 8> kEight = {
    {{-0.96028985649753623168, 0.10122853629037625915},
     {-0.79666647741362673959, 0.22238103445337447054},
     {-0.52553240991632898582, 0.31370664587788728734},
     {-0.18343464249564980494, 0.36268378337836198297},
     {0.18343464249564980494, 0.36268378337836198297},
     {0.52553240991632898582, 0.31370664587788728734},
     {0.79666647741362673959, 0.22238103445337447054},
     {0.96028985649753623168, 0.10122853629037625915}}};

// The loss as an increasing function of u, which is the output x when removing
// and -x when adding.
class LossCurve {
 public:
  LossCurve(const GaussianMixture& mixture, Neighbor neighbor)
      : std_(mixture.std),
        variance_(mixture.std * mixture.std),
        log_normalizer_(-std::log(mixture.std) - kLogSqrtTwoPi),
        adding_(neighbor == Neighbor::kAdd) {
    const double total =
        std::accumulate(mixture.weights.begin(), mixture.weights.end(), 0.0);
    for (std::size_t i = 0; i < mixture.weights.size(); ++i) {
      terms_.push_back({mixture.sensitivities[i], mixture.weights[i] / total});
    }
  }

  double Loss(double u) const { return adding_ ? -Log(-u) : Log(u); }

  // Density of u under the distribution whose loss this is.
  double Density(double u, double loss) const {
    return std::exp(log_normalizer_ - u * u / (2 * variance_) +
                    (adding_ ? 0 : loss));
  }

  // The u in [low, high] with Loss(u) = loss, or the end that is nearer;
  // `guess` is inside.
  double Inverse(double loss, double low, double high, double guess) const {
    if (loss <= Loss(low)) return low;
    if (loss >= Loss(high)) return high;
    double u = guess;
    for (int i = 0; i < 80; ++i) {
      const double missing = loss - Loss(u);
      (missing > 0 ? low : high) = u;
      // Newton's step, where it stays inside; half of the interval elsewhere.
      double next = u + missing / Slope(adding_ ? -u : u);
      if (!(next > low && next < high)) next = low + (high - low) / 2;
      const double moved = std::fabs(next - u);
      u = next;
      // Newton converges quadratically: what is left is far below rounding.
      if (moved <= 1e-9 * std_ || next == low || next == high) break;
    }
    return u;
  }

 private:
  struct Term {
    double sensitivity, weight;
  };

  // ln(mixture / base) at x: through log1p where it is small, so that a rare
  // sample's loss keeps its digits; through the largest term where it is not.
  double Log(double x) const {
    double excess = 0, largest = kLogZero;
    for (const Term& term : terms_) {
      const double exponent = Exponent(term, x);
      largest = std::max(largest, exponent);
      excess += term.weight * std::expm1(exponent);
    }
    if (largest < 600 && excess > -0.5) return std::log1p(excess);
    double sum = 0;
    for (const Term& term : terms_) {
      sum += term.weight * std::exp(Exponent(term, x) - largest);
    }
    return largest + std::log(sum);
  }

  double Slope(double x) const {
    double largest = kLogZero, sum = 0, weighted = 0;
    for (const Term& term : terms_) {
      largest = std::max(largest, Exponent(term, x));
    }
    for (const Term& term : terms_) {
      const double value = term.weight * std::exp(Exponent(term, x) - largest);
      sum += value;
      weighted += value * term.sensitivity;
    }
    return weighted / sum / variance_;
  }

  double Exponent(const Term& term, double x) const {
    return term.sensitivity * (2 * x - term.sensitivity) / (2 * variance_);
  }

  double std_, variance_, log_normalizer_;
  bool adding_;
  std::vector<Term> terms_;
};

// Mass of [a, b] and how much of it goes to the upper grid point.
struct Share {
  double mass = 0, up = 0;
};

template <std::size_t N>
Share Integrate(const LossCurve& curve, const std::array<Node, N>& nodes,
                double a, double b, double low_loss) {
  Share share;
  for (const Node& node : nodes) {
    const double u = (a + b) / 2 + (b - a) / 2 * node.at;
    const double loss = curve.Loss(u);
    const double mass = (b - a) / 2 * node.weight * curve.Density(u, loss);
    share.mass += mass;
    share.up += mass * -std::expm1(low_loss - loss);
  }
  return share;
}

// The same over panels that are short against the width of the noise and of the
// bend of the loss, so that the rules are exact to rounding.
Share IntegratePanels(const LossCurve& curve, double panel, double a, double b,
                      double low_loss) {
  if (b - a <= panel / 16) return Integrate(curve, kFour, a, b, low_loss);
  const double count = std::ceil((b - a) / panel);
  Share total;
  for (double i = 0; i < count; ++i) {
    const Share share = Integrate(curve, kEight, a + (b - a) * (i / count),
                                  a + (b - a) * ((i + 1) / count), low_loss);
    total.mass += share.mass;
    total.up += share.up;
  }
  return total;
}

}  // namespace

GaussianMixture SampledGaussian(double noise_multiplier, double probability) {
  if (probability == 1) return {noise_multiplier, {1}, {1}};
  return {noise_multiplier, {0, 1}, {1 - probability, probability}};
}

absl::Status CheckMixture(const GaussianMixture& mixture) {
  const std::size_t size = mixture.weights.size();
  if (size == 0 || size != mixture.sensitivities.size()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("a mixture has %d sensitivities and %d weights, needs "
                        "as many, at least "
                        "one",
                        mixture.sensitivities.size(), size));
  }
  double largest = 0, total = 0;
  for (std::size_t i = 0; i < size; ++i) {
    SOTTO_RETURN_IF_ERROR(
        CheckRange("sensitivity", mixture.sensitivities[i], 0, 1e100));
    SOTTO_RETURN_IF_ERROR(
        CheckRange("mixture weight", mixture.weights[i], 1e-300, 1));
    largest = std::max(largest, mixture.sensitivities[i]);
    total += mixture.weights[i];
  }
  SOTTO_RETURN_IF_ERROR(
      CheckRange("sum of weights", total, 1 - 1e-9, 1 + 1e-9));
  SOTTO_RETURN_IF_ERROR(
      CheckRange("largest sensitivity", largest, 1e-100, 1e100));
  return CheckNoiseMultiplier(mixture.std / largest);
}

absl::StatusOr<LossDistribution> DiscretizeLoss(const GaussianMixture& mixture,
                                                Neighbor neighbor, double step,
                                                double log_tail) {
  assert(step > 0 && log_tail <= -1);
  const LossCurve curve(mixture, neighbor);
  const double reach = mixture.std * NormalTailQuantile(log_tail);
  double low = -reach, high = reach;
  if (neighbor == Neighbor::kRemove) {
    const auto [least, most] = std::minmax_element(
        mixture.sensitivities.begin(), mixture.sensitivities.end());
    low += *least;
    high += *most;
  }
  const double first = std::floor(curve.Loss(low) / step);
  const double last = std::ceil(curve.Loss(high) / step);
  if (!(last - first + 2 <= static_cast<double>(kMaxLossPoints))) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("losses from %g to %g take more than %d steps of %g",
                        first * step, last * step, kMaxLossPoints, step));
  }
  LossDistribution loss{
      .step = step,
      .lowest = static_cast<std::int64_t>(first),
      .mass = std::vector<double>(static_cast<std::size_t>(last - first) + 2),
      .infinity_mass = std::exp(log_tail)};
  loss.mass.front() += std::exp(log_tail);
  const double panel = std::min(
      mixture.std / 8, mixture.std * mixture.std / 2 /
                           *std::max_element(mixture.sensitivities.begin(),
                                             mixture.sensitivities.end()));
  double a = low, width = 0;
  for (std::size_t i = 0; i + 1 < loss.mass.size() && a < high; ++i) {
    const double low_loss = step * (first + static_cast<double>(i));
    const double b = curve.Inverse(low_loss + step, a, high,
                                   std::min(a + width, (a + high) / 2));
    if (b <= a) continue;
    const Share share = IntegratePanels(curve, panel, a, b, low_loss);
    const double up =
        std::clamp(share.up / -std::expm1(-step) * (1 + kMassRelativeError),
                   0.0, share.mass);
    loss.mass[i] += share.mass - up;
    loss.mass[i + 1] += up;
    width = b - a;
    a = b;
  }
  return loss;
}

double SecondOrderDivergence(const GaussianMixture& mixture) {
  const double variance = mixture.std * mixture.std;
  double log_excess = kLogZero;
  for (std::size_t i = 0; i < mixture.weights.size(); ++i) {
    for (std::size_t j = 0; j < mixture.weights.size(); ++j) {
      const double exponent =
          mixture.sensitivities[i] * mixture.sensitivities[j] / variance;
      if (exponent == 0) continue;
      log_excess =
          LogAdd(log_excess, std::log(mixture.weights[i] * mixture.weights[j]) +
                                 LogExpm1(exponent));
    }
  }
  return LogAdd(log_excess, 0);
}

}  // namespace sotto::privacy
