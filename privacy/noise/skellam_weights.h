// Weights of Skellam noise, the difference of two Poisson variables of mean
// variance / 2 each: q(k) = I_k(v) / I_0(v), v the variance, I_k the modified
// Bessel function of the first kind (Agarwal, Kairouz and Liu 2021, section 3).
//
// With v = n/d the numbers f(k), proportional to I_k(v), obey
//   f(k - 1) = (2 k d / n) f(k) + f(k + 1),
// where every term is positive, so running it downwards loses no digits (Miller
// 1952). Started at a high index K from f(K) = 1, the unknown f(K + 1) lies
// between 0 and 1, and q(k) is monotone in it: two runs enclose q(k).

#ifndef SOTTO_PRIVACY_NOISE_SKELLAM_WEIGHTS_H_
#define SOTTO_PRIVACY_NOISE_SKELLAM_WEIGHTS_H_

#include "privacy/noise/integers.h"
#include "privacy/noise/weights.h"

namespace sotto::privacy {

class SkellamWeights final : public Weights {
 public:
  // The variance is at most 2^30, asserted.
  explicit SkellamWeights(const Variance& variance);

  WideUint LowerBound(std::uint64_t k, std::size_t bits) const override;
  std::vector<std::uint64_t> Table() const override;

 private:
  Variance variance_;
  std::uint64_t std_ceiling_;
};

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_NOISE_SKELLAM_WEIGHTS_H_
