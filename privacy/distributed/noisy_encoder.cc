#include "privacy/distributed/noisy_encoder.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/status.h"
#include "privacy/clip.h"
#include "privacy/distributed/conditional_rounding.h"
#include "privacy/distributed/rotation.h"

namespace sotto::privacy {
namespace {

constexpr std::size_t kEncoderTile = 1024;

}  // namespace

std::span<float> AsFloats(std::span<std::uint32_t> words) {
  static_assert(sizeof(float) == sizeof(std::uint32_t));
  // Copying memory onto itself makes floats of the words, with the same bits.
  void* const memory = words.data();
  if (!words.empty()) std::memmove(memory, memory, words.size_bytes());
  return {static_cast<float*>(memory), words.size()};
}

absl::StatusOr<NoisyEncoder> NoisyEncoder::Create(
    const NoisyEncoding& encoding) {
  NoisyEncoder encoder(encoding);
  if (encoding.local_variance()) {
    SOTTO_ASSIGN_OR_RETURN(encoder.sampler_,
                           NoiseSampler::Create(*encoding.params().noise,
                                                *encoding.local_variance()));
  }
  return encoder;
}

absl::Status NoisyEncoder::Encode(const crypto::Secret<32>& rotation_seed,
                                  crypto::Rng& rng,
                                  std::span<std::uint32_t> words) const {
  const NoisyEncodingParams& params = encoding_.params();
  if (words.size() != encoding_.padded_dimension()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("an update of %d words, the encoding has %d",
                        words.size(), encoding_.padded_dimension()));
  }
  const std::span<float> values = AsFloats(words);
  if (std::ranges::any_of(values.subspan(params.dimension),
                          [](float padding) { return padding != 0; })) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "an update has values beyond its %d coordinates", params.dimension));
  }
  ClipL2(values, params.clip);
  Rotate(rotation_seed, values);
  SOTTO_ASSIGN_OR_RETURN(
      const crypto::Secret<32> rounding_key,
      DrawRounding({.scale = params.scale,
                    .max_squared_norm = encoding_.max_squared_norm()},
                   values, rng));

  Rounding rounding(params.scale, rounding_key);
  RandomWords noise_words(rng);
  const auto mask =
      static_cast<std::uint32_t>((std::uint64_t{1} << params.bits) - 1);
  std::array<std::int64_t, kEncoderTile> rounded, noise = {};
  std::array<std::uint32_t, kEncoderTile> residues;
  for (std::size_t start = 0; start < values.size(); start += kEncoderTile) {
    const auto tile =
        values.subspan(start, std::min(kEncoderTile, values.size() - start));
    rounding.Next(tile, std::span(rounded).first(tile.size()));
    if (sampler_) {
      sampler_->Draw(noise_words, std::span(noise).first(tile.size()));
    }
    for (std::size_t i = 0; i < tile.size(); ++i) {
      residues[i] = static_cast<std::uint32_t>(rounded[i] + noise[i]) & mask;
    }
    std::memcpy(tile.data(), residues.data(), tile.size_bytes());
  }
  crypto::Wipe({reinterpret_cast<std::uint8_t*>(noise.data()), sizeof noise});
  crypto::Wipe(
      {reinterpret_cast<std::uint8_t*>(rounded.data()), sizeof rounded});
  return absl::OkStatus();
}

}  // namespace sotto::privacy
