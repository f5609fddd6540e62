#include "privacy/noise/noise_sampler.h"

#include <memory>

#include "base/status.h"
#include "privacy/noise/canonne_gaussian.h"
#include "privacy/noise/gaussian_weights.h"
#include "privacy/noise/skellam_weights.h"

namespace sotto::privacy {
namespace {

constexpr double kMaxTableVariance = 0x1p28;

}  // namespace

absl::StatusOr<NoiseSampler> NoiseSampler::Create(IntegerNoise kind,
                                                  const Variance& variance) {
  NoiseSampler sampler(kind, variance);
  const bool small = variance.value() <= kMaxTableVariance;
  switch (kind) {
    case IntegerNoise::kDiscreteGaussian:
      if (small) {
        sampler.table_.emplace(std::make_unique<GaussianWeights>(variance));
      }
      break;
    case IntegerNoise::kSkellam:
      if (!small) {
        return absl::InvalidArgumentError(absl::StrFormat(
            "Skellam noise of variance %g squared units, at most 2^28 is drawn",
            variance.value()));
      }
      sampler.table_.emplace(std::make_unique<SkellamWeights>(variance));
      break;
  }
  return sampler;
}

void NoiseSampler::Draw(RandomWords& words, std::span<std::int64_t> out) const {
  if (table_) return table_->Draw(words, out);
  for (std::int64_t& value : out) value = CanonneGaussian(variance_, words);
}

}  // namespace sotto::privacy
