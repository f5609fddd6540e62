// The distribution of a sum of independent losses on one grid, after
// exponential tilting: mass m at loss x becomes m e^(theta x - ln E[e^(theta
// loss)]).
//
// Circular: masses that lie outside the window of size() grid points appear
// inside it, a whole number of windows away. UpperBounds is above the exact
// circular distribution at every point. With eta the error of one transform, T
// the computed transforms and n_c the counts, the products differ from the
// exact ones by at most
//   prod_c (|T_c| + eta)^n_c (eta sum_c n_c / (|T_c| + eta) + 3 u sum_c n_c),
// (mean value theorem; 3 u per multiplication), and the mean of that over all
// frequencies, plus eta times the mean of the products, bounds the error of
// each mass.
//
// Used once: Add each part, then UpperBounds. Not thread-safe.

#ifndef SOTTO_PRIVACY_ACCOUNTING_TILTED_SUM_H_
#define SOTTO_PRIVACY_ACCOUNTING_TILTED_SUM_H_

#include <complex>
#include <cstdint>
#include <vector>

#include "privacy/accounting/fft.h"
#include "privacy/accounting/loss_distribution.h"

namespace sotto::privacy {

class TiltedSum {
 public:
  struct Part {
    const LossDistribution& loss;
    const std::vector<double>& log_mass;
    double theta = 0;
    double log_mgf = 0;  // of one release
    double count = 0;    // a whole number, at least 1
  };

  // The window is the power of two from min_points (at most 2^26) on.
  explicit TiltedSum(std::size_t min_points);

  void Add(const Part& part);

  // The mass at grid points first, first + 1, ..., one per point of the window.
  std::vector<double> UpperBounds(std::int64_t first) &&;

  std::size_t size() const { return fft_.size(); }

 private:
  Fft fft_;
  std::vector<std::complex<double>> product_, scratch_;
  std::vector<double> log_magnitude_;  // ln prod (|T_c| + eta)^n_c
  std::vector<double> sensitivity_;    // sum n_c / (|T_c| + eta)
  double num_releases_ = 0;
};

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_ACCOUNTING_TILTED_SUM_H_
