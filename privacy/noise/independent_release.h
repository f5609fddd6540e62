// Central discrete Gaussian noise, fresh for every round: sum + N(0, variance).
// Each round is a release of its own to the accountant.

#ifndef SOTTO_PRIVACY_NOISE_INDEPENDENT_RELEASE_H_
#define SOTTO_PRIVACY_NOISE_INDEPENDENT_RELEASE_H_

#include <utility>

#include "privacy/noise/seeded_noise.h"
#include "privacy/noise/sum_release.h"

namespace sotto::privacy {

class IndependentRelease final : public SumRelease {
 public:
  // `variance` in squared steps, of the whole sum; `position` counts the rounds
  // that were released before.
  static absl::StatusOr<IndependentRelease> Create(
      std::size_t size, const Variance& variance,
      const crypto::Secret<32>& seed, std::uint64_t position = 0);

  absl::Status Next(std::span<const std::int32_t> sum,
                    std::span<double> out) override;
  std::size_t size() const override { return size_; }
  std::uint64_t position() const { return position_; }

 private:
  IndependentRelease(std::size_t size, SeededNoise noise,
                     std::uint64_t position)
      : size_(size), noise_(std::move(noise)), position_(position) {}

  std::size_t size_;
  SeededNoise noise_;
  std::uint64_t position_;
};

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_NOISE_INDEPENDENT_RELEASE_H_
