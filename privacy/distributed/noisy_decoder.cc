#include "privacy/distributed/noisy_decoder.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/status.h"
#include "privacy/distributed/noisy_encoder.h"
#include "privacy/distributed/rotation.h"

namespace sotto::privacy {

absl::StatusOr<DecodedSum> DecodeNoisySum(
    const NoisyEncoding& encoding, const crypto::Secret<32>& rotation_seed,
    std::uint32_t num_included, std::span<std::uint32_t> sum) {
  const NoisyEncodingParams& params = encoding.params();
  if (sum.size() != encoding.padded_dimension()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("a sum of %d words, the encoding has %d", sum.size(),
                        encoding.padded_dimension()));
  }
  if (num_included < params.min_devices || num_included > params.num_devices) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "a sum over %d devices, its noise is shared among %d to %d",
        num_included, params.min_devices, params.num_devices));
  }
  // Shifted to the top of a word, a residue is its own centring.
  const unsigned shift = 32 - params.bits;
  const std::int64_t boundary = std::int64_t{7} << (params.bits - 4);
  constexpr std::size_t kTile = 1024;
  std::array<float, kTile> reals;
  std::size_t near = 0;
  for (std::size_t start = 0; start < sum.size(); start += kTile) {
    const auto tile = sum.subspan(start, std::min(kTile, sum.size() - start));
    for (std::size_t i = 0; i < tile.size(); ++i) {
      const std::int32_t steps =
          static_cast<std::int32_t>(tile[i] << shift) >> shift;
      near += steps >= boundary || steps < -boundary ? 1 : 0;
      reals[i] = static_cast<float>(steps / params.scale);
    }
    std::memcpy(tile.data(), reals.data(), tile.size_bytes());
  }
  const std::span<float> values = AsFloats(sum);
  Unrotate(rotation_seed, values);
  return DecodedSum{
      values.first(params.dimension),
      static_cast<double>(near) / static_cast<double>(sum.size())};
}

}  // namespace sotto::privacy
