#include "privacy/noise/seeded_noise.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/status.h"
#include "crypto/hkdf.h"
#include "privacy/noise/random_words.h"

namespace sotto::privacy {

absl::StatusOr<SeededNoise> SeededNoise::Create(
    const Variance& variance, const crypto::Secret<32>& seed) {
  SOTTO_ASSIGN_OR_RETURN(
      NoiseSampler sampler,
      NoiseSampler::Create(IntegerNoise::kDiscreteGaussian, variance));
  return SeededNoise(std::move(sampler), seed);
}

void SeededNoise::ForEachTile(
    ByteView name, std::size_t size,
    const std::function<void(std::size_t, std::span<const std::int64_t>)>& use)
    const {
  RandomWords words(crypto::HkdfKey(seed_.Reveal(), {}, name));
  std::array<std::int64_t, 2048> buffer;
  for (std::size_t offset = 0; offset < size; offset += buffer.size()) {
    const auto tile =
        std::span(buffer).first(std::min(buffer.size(), size - offset));
    sampler_.Draw(words, tile);
    use(offset, tile);
  }
  crypto::Wipe({reinterpret_cast<std::uint8_t*>(buffer.data()), sizeof buffer});
}

}  // namespace sotto::privacy
