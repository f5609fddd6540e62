#include "privacy/distributed/noisy_decoder.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/status.h"
#include "privacy/distributed/noisy_encoder.h"
#include "privacy/distributed/rotation.h"

namespace sotto::privacy {
namespace {

// Shifted to the top of a word, a residue is its own centring.
std::int32_t Centred(std::uint32_t residue, std::uint32_t bits) {
  return static_cast<std::int32_t>(residue << (32 - bits)) >> (32 - bits);
}

}  // namespace

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
  const std::int64_t boundary = std::int64_t{7} << (params.bits - 4);
  constexpr std::size_t kTile = 1024;
  std::array<float, kTile> reals;
  std::size_t near = 0;
  for (std::size_t start = 0; start < sum.size(); start += kTile) {
    const auto tile = sum.subspan(start, std::min(kTile, sum.size() - start));
    for (std::size_t i = 0; i < tile.size(); ++i) {
      const std::int32_t steps = Centred(tile[i], params.bits);
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

std::span<std::int32_t> CentreResidues(std::uint32_t bits,
                                       std::span<std::uint32_t> residues) {
  for (std::uint32_t& residue : residues) {
    residue = static_cast<std::uint32_t>(Centred(residue, bits));
  }
  // Signed and unsigned access to the same integers is defined.
  return {reinterpret_cast<std::int32_t*>(residues.data()), residues.size()};
}

absl::StatusOr<std::span<float>> DecodeSteps(
    const NoisyEncoding& encoding, const crypto::Secret<32>& rotation_seed,
    std::span<const double> steps, std::span<float> out) {
  if (steps.size() != encoding.padded_dimension() ||
      out.size() != encoding.padded_dimension()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%d steps into %d values, the encoding has %d",
                        steps.size(), out.size(), encoding.padded_dimension()));
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    out[i] = static_cast<float>(steps[i] / encoding.params().scale);
  }
  Unrotate(rotation_seed, out);
  return out.first(encoding.params().dimension);
}

}  // namespace sotto::privacy
