// What many releases cost together, from their loss distributions:
// delta(epsilon) and epsilon(delta) of the sum of independent losses.
//
//   delta(epsilon) = P(loss infinite) + E[(1 - e^(epsilon - loss))+]
//
// The sum's distribution comes from fast Fourier transforms of the masses
// tilted by e^(theta loss), theta at the saddle point of the question: the tail
// that is asked about becomes the bulk, so that delta = 1e-15 or 1e-100 keeps
// its digits, which a plain transform loses below 1e-12. Safe by construction:
//   * the window of the circular convolution comes from Chernoff bounds; what
//   may
//     lie above it is added as unbounded loss, what lies below wraps upwards;
//   * the transforms' rounding (Fft::ErrorBound, times the number of releases)
//   is
//     bounded for each grid point and added to it;
//   * between grid points epsilon follows the chord.
// So the results are never below those of the given distributions, and above
// them by some 1e-9 relative.
//
// Not thread-safe.

#ifndef SOTTO_PRIVACY_ACCOUNTING_LOSS_COMPOSITION_H_
#define SOTTO_PRIVACY_ACCOUNTING_LOSS_COMPOSITION_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "privacy/accounting/loss_distribution.h"

namespace sotto::privacy {

class LossComposition {
 public:
  struct Answer {
    double value = 0;   // epsilon or delta
    double window = 0;  // how much of the sum's range it took, in loss
  };

  // All distributions that are added share this step, in natural logarithms.
  explicit LossComposition(double step) : step_(step) {}

  // `count` (at least 1) releases with this loss. `loss.step` is step(), and
  // some mass is finite, asserted.
  void Add(LossDistribution loss, std::int64_t count);

  // The least epsilon >= 0 at which delta(epsilon) <= delta. 0 < delta < 1 and
  // at least one distribution, asserted. OUT_OF_RANGE: delta is not above the
  // chance of an unbounded loss. RESOURCE_EXHAUSTED: the window takes more than
  // `max_points` steps.
  absl::StatusOr<Answer> Epsilon(double delta, std::size_t max_points) const;

  // delta(epsilon), at most 1; epsilon >= 0, asserted.
  absl::StatusOr<Answer> Delta(double epsilon, std::size_t max_points) const;

 private:
  struct Part {
    LossDistribution loss;
    std::vector<double> log_mass;
    double count;
  };
  struct Moments {
    double mean, variance;
  };
  // delta at each grid point from `lowest` on; multiply by e^log_scale and add
  // `constant`.
  struct Tail {
    double lowest, window, log_scale, constant;
    std::vector<double> delta, mass_above;
  };

  // ln E[e^(theta loss)] over the finite losses of all releases.
  double LogMgf(double theta) const;
  Moments TiltedMoments(double theta) const;
  absl::StatusOr<Tail> TailAt(double theta, std::size_t max_points) const;

  double step_;
  double log_infinity_ = -1e308;  // ln of the chance of an unbounded loss
  double num_releases_ = 0;
  std::vector<Part> parts_;
};

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_ACCOUNTING_LOSS_COMPOSITION_H_
