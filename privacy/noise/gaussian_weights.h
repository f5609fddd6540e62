// Weights of the discrete Gaussian: q(k) = e^(-k^2 / (2 variance)).

#ifndef SOTTO_PRIVACY_NOISE_GAUSSIAN_WEIGHTS_H_
#define SOTTO_PRIVACY_NOISE_GAUSSIAN_WEIGHTS_H_

#include "privacy/noise/integers.h"
#include "privacy/noise/weights.h"

namespace sotto::privacy {

class GaussianWeights final : public Weights {
 public:
  explicit GaussianWeights(const Variance& variance) : variance_(variance) {}

  WideUint LowerBound(std::uint64_t k, std::size_t bits) const override;
  std::vector<std::uint64_t> Table() const override;

 private:
  Variance variance_;
};

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_NOISE_GAUSSIAN_WEIGHTS_H_
