// Accounting by privacy loss distributions: the tightest that Sotto has for
// Gaussian steps over Poisson samples, and for any mixture of Gaussians.
//
// Releases are added; a question discretises them (loss_distribution.h),
// composes (loss_composition.h), and answers with the larger of the two
// directions, one record removed or one added. The grid is chosen from the
// releases: at most 1/32 of the spread of one loss, and such that the mean loss
// of all n releases grows by n step^2 / 12 <= 5e-6; wider where the window
// would take over 2^20 points. The answer is never below the exact one; above
// it by 2e-4 of epsilon in the tests.
//
// Errors: INVALID_ARGUMENT names what is out of range; RESOURCE_EXHAUSTED where
// no grid fits (epsilon in the thousands). A question takes up to some seconds
// and 100 MB. Not thread-safe.

#ifndef SOTTO_PRIVACY_ACCOUNTING_PLD_H_
#define SOTTO_PRIVACY_ACCOUNTING_PLD_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "privacy/accounting/loss_composition.h"
#include "privacy/accounting/loss_distribution.h"

namespace sotto::privacy {

class PldAccountant {
 public:
  // Gaussian steps over Poisson samples; sampling_probability in (0, 1].
  absl::Status AddSampledGaussian(double noise_multiplier,
                                  double sampling_probability,
                                  std::int64_t count);
  absl::Status AddMixture(GaussianMixture mixture, std::int64_t count);

  // Of everything added so far; FAILED_PRECONDITION where that is nothing.
  absl::StatusOr<double> Epsilon(double delta) const;
  absl::StatusOr<double> Delta(double epsilon) const;

  // One direction alone, for those who know which they need.
  absl::StatusOr<double> Epsilon(double delta, Neighbor neighbor) const;
  absl::StatusOr<double> Delta(double epsilon, Neighbor neighbor) const;

 private:
  struct Release {
    GaussianMixture mixture;
    std::int64_t count;
  };

  double Step() const;
  double NumReleases() const;
  // Asks `question` of the composition on a grid of `step`.
  template <typename Question>
  absl::StatusOr<LossComposition::Answer> AskAt(double step, Neighbor neighbor,
                                                double log_tail,
                                                Question question) const;
  // The same on the finest grid that is wanted and fits.
  template <typename Question>
  absl::StatusOr<double> Ask(Neighbor neighbor, double log_tail,
                             Question question) const;

  std::vector<Release> releases_;
};

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_ACCOUNTING_PLD_H_
