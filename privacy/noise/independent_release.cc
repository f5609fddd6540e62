#include "privacy/noise/independent_release.h"

#include "base/codec.h"
#include "base/status.h"

namespace sotto::privacy {

absl::StatusOr<IndependentRelease> IndependentRelease::Create(
    std::size_t size, const Variance& variance, const crypto::Secret<32>& seed,
    std::uint64_t position) {
  SOTTO_ASSIGN_OR_RETURN(SeededNoise noise,
                         SeededNoise::Create(variance, seed));
  return IndependentRelease(size, std::move(noise), position);
}

absl::Status IndependentRelease::Next(std::span<const std::int32_t> sum,
                                      std::span<double> out) {
  SOTTO_RETURN_IF_ERROR(CheckReleaseSizes(size_, sum, out));
  noise_.ForEachTile(
      Encoder("sotto/central-noise/v1").U64(position_).bytes(), size_,
      [&](std::size_t offset, std::span<const std::int64_t> noise) {
        for (std::size_t i = 0; i < noise.size(); ++i) {
          out[offset + i] = static_cast<double>(sum[offset + i] + noise[i]);
        }
      });
  ++position_;
  return absl::OkStatus();
}

}  // namespace sotto::privacy
