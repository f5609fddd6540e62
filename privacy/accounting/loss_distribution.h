// The privacy loss of one release as masses on a grid, made by connecting dots.
//
// The mechanism: Gaussian noise of standard deviation `std` around 0 without
// the record, and around sensitivity s_k with probability w_k with it. Poisson
// sampling at rate q is {s: 0, 1; w: 1-q, q}. With the two densities
//   base(x) = N(0, std^2),  mixture(x) = sum_k w_k N(s_k, std^2),
// the loss of removing is L = ln(mixture / base) under the mixture, of adding
// -L under the base. Neither dominates the other; callers take both.
//
// Discretisation (Doroshenko et al. 2022, "Connect the dots", section 4): the
// mass P whose loss lies between two grid points is split over these two such
// that both its probability P and its probability Q = P e^-loss under the other
// density stay what they were. The result's delta(epsilon) connects the exact
// values at the grid points by chords, in e^epsilon, of a convex function:
// never below, and exact at the points. The share that goes up,
//   (P - e^low Q) / (1 - e^-step) = integral of p(x) (1 - e^(low - loss(x))) dx
//   / ...,
// has no negative term, so it keeps full relative accuracy in both tails.
//
// Losses are natural logarithms. Pure functions; thread-safe.

#ifndef SOTTO_PRIVACY_ACCOUNTING_LOSS_DISTRIBUTION_H_
#define SOTTO_PRIVACY_ACCOUNTING_LOSS_DISTRIBUTION_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sotto::privacy {

struct GaussianMixture {
  double std = 0;                     // same unit as the sensitivities
  std::vector<double> sensitivities;  // at least 0, one positive
  std::vector<double> weights;        // positive, sum 1 within 1e-9
};

// Poisson sampling at `probability` in (0, 1] with noise std / sensitivity.
GaussianMixture SampledGaussian(double noise_multiplier, double probability);

// INVALID_ARGUMENT names the field that is out of range: std over the largest
// sensitivity as noise multipliers in ranges.h.
absl::Status CheckMixture(const GaussianMixture& mixture);

enum class Neighbor : std::uint8_t { kRemove, kAdd };

// Masses at losses step * (lowest + i), and the mass whose loss is unbounded.
struct LossDistribution {
  double step = 0;
  std::int64_t lowest = 0;
  std::vector<double> mass;
  double infinity_mass = 0;
};

// Bound on the relative error of each mass.
inline constexpr double kMassRelativeError = 1e-13;
inline constexpr std::size_t kMaxLossPoints = std::size_t{1} << 21;

// Cuts where at most e^log_tail lies beyond on either side; what is above
// counts as unbounded loss, what is below as the lowest loss. `mixture` has
// passed CheckMixture, step > 0 and log_tail <= -1, asserted.
// RESOURCE_EXHAUSTED: more than kMaxLossPoints grid points; take a wider step.
absl::StatusOr<LossDistribution> DiscretizeLoss(const GaussianMixture& mixture,
                                                Neighbor neighbor, double step,
                                                double log_tail);

// The Renyi divergence of order 2 of one release, about the variance of its
// loss where that is small: the scale that a grid must resolve.
double SecondOrderDivergence(const GaussianMixture& mixture);

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_ACCOUNTING_LOSS_DISTRIBUTION_H_
