// Integer noise of a given distribution and variance, drawn exactly.
//
//   kDiscreteGaussian  P[x] proportional to e^(-x^2 / (2 variance)) (Canonne,
//                      Kamath and Steinke 2020); variance up to 2^62, of the
//                      continuous Gaussian that it samples: its own is never
//                      above
//   kSkellam           the difference of two Poisson variables of mean
//                      variance / 2 (Agarwal, Kairouz and Liu 2021); variance
//                      up to 2^28, and sums of it are Skellam again
//
// No floating point takes part, neither in the draws nor in their set-up. Up to
// variance 2^28 draws come from table_sampler.h, beyond from
// canonne_gaussian.h. Immutable and thread-safe.

#ifndef SOTTO_PRIVACY_NOISE_NOISE_SAMPLER_H_
#define SOTTO_PRIVACY_NOISE_NOISE_SAMPLER_H_

#include <cstdint>
#include <optional>
#include <span>

#include "absl/status/statusor.h"
#include "privacy/accounting/distributed_noise.h"
#include "privacy/noise/integers.h"
#include "privacy/noise/random_words.h"
#include "privacy/noise/table_sampler.h"

namespace sotto::privacy {

class NoiseSampler {
 public:
  // Builds the table: at a standard deviation of 3000 in about 20 ms for
  // Skellam noise, below 1 ms for Gaussian noise. INVALID_ARGUMENT: Skellam
  // noise of more than variance 2^28.
  static absl::StatusOr<NoiseSampler> Create(IntegerNoise kind,
                                             const Variance& variance);

  void Draw(RandomWords& words, std::span<std::int64_t> out) const;

  IntegerNoise kind() const { return kind_; }
  const Variance& variance() const { return variance_; }

 private:
  NoiseSampler(IntegerNoise kind, const Variance& variance)
      : kind_(kind), variance_(variance) {}

  IntegerNoise kind_;
  Variance variance_;
  std::optional<TableSampler> table_;  // absent: canonne_gaussian.h
};

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_NOISE_NOISE_SAMPLER_H_
