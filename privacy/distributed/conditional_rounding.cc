#include "privacy/distributed/conditional_rounding.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

#include "base/status.h"
#include "privacy/noise/integers.h"

namespace sotto::privacy {
namespace {

constexpr int kMaxDraws = 128;
constexpr std::size_t kRoundingTile = 1024;

// Fractions have this many bits; what is lost moves a mean by 2^-31 steps.
constexpr int kFractionBits = 30;
constexpr double kLargest = 0x1p32;

// floor(x) or one more; `random` is uniform in [0, 2^30).
std::int64_t RoundOnce(double x, std::uint64_t random) {
  const double clamped = std::clamp(x, -kLargest, kLargest);
  const auto fixed = static_cast<std::int64_t>(clamped * 0x1p30);
  // The sum carries exactly when the fraction and `random` exceed one, so for
  // `fraction` of the 2^30 words.
  return (fixed + static_cast<std::int64_t>(random)) >> kFractionBits;
}

}  // namespace

void Rounding::Next(std::span<const float> values,
                    std::span<std::int64_t> out) {
  assert(values.size() == out.size() && !odd_);
  constexpr std::uint64_t kMask = (1 << kFractionBits) - 1;
  std::size_t i = 0;
  for (; i + 2 <= values.size(); i += 2) {
    const std::uint64_t word = words_.Next();
    out[i] = RoundOnce(values[i] * scale_, word & kMask);
    out[i + 1] = RoundOnce(values[i + 1] * scale_, word >> 32 & kMask);
  }
  if (i < values.size()) {
    out[i] = RoundOnce(values[i] * scale_, words_.Next() & kMask);
    odd_ = true;
  }
}

absl::StatusOr<crypto::Secret<32>> DrawRounding(const RoundingParams& params,
                                                std::span<const float> values,
                                                crypto::Rng& rng) {
  std::array<std::int64_t, kRoundingTile> tile;
  for (int draw = 0; draw < kMaxDraws; ++draw) {
    crypto::Secret<32> key;
    rng.Fill(key.RevealMutable());
    Rounding rounding(params.scale, key);
    Uint128 squared_norm = 0;
    for (std::size_t start = 0; start < values.size(); start += kRoundingTile) {
      const auto part =
          values.subspan(start, std::min(kRoundingTile, values.size() - start));
      const auto rounded = std::span(tile).first(part.size());
      rounding.Next(part, rounded);
      for (const std::int64_t value : rounded) {
        const auto magnitude =
            static_cast<std::uint64_t>(value < 0 ? -value : value);
        squared_norm += Uint128{magnitude} * magnitude;
      }
    }
    if (squared_norm <= params.max_squared_norm) return key;
  }
  return absl::InvalidArgumentError(absl::StrFormat(
      "none of %d stochastic roundings of %d values has a squared norm of at "
      "most %d; clip them first",
      kMaxDraws, values.size(), params.max_squared_norm));
}

}  // namespace sotto::privacy
