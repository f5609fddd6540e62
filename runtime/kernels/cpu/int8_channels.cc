#include "runtime/kernels/cpu/int8_channels.h"

#include <algorithm>
#include <limits>

namespace sotto::runtime {
namespace {

constexpr std::int64_t kMaxAcc = std::int64_t{1} << 30;
constexpr std::int32_t kMaxShift = 22;
constexpr std::int64_t kMax32 = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kMin32 = std::numeric_limits<std::int32_t>::min();

bool IsFactorInRange(FixedPoint factor) {
  return factor.shift <= 0 && factor.shift >= -kMaxShift;
}

}  // namespace

bool IsInt8ChannelSafe(std::int64_t size, std::int64_t bias,
                       FixedPoint factor) {
  // The sum of products and the zero point's part of it are each at most
  // 255 * 255 * size.
  return IsFactorInRange(factor) && size <= kMaxAcc / (4 * 255 * 255) &&
         bias <= kMaxAcc / 2 && bias >= -kMaxAcc / 2;
}

bool SetInt8Channel(const Int8Rescale& rescale, const Int8WeightSums& weights,
                    std::int64_t bias, FixedPoint factor, std::size_t c,
                    Int8Channels* channels) {
  const std::int64_t start = -255 * weights.negative;
  const std::int64_t span = 255 * weights.positive + start;
  const std::int64_t base =
      bias - rescale.input_zero * (weights.positive + weights.negative) - start;
  // The format's accumulators have 32 bits; so have ours.
  if (span > kMax32 || base < kMin32 || base + span > kMax32) return false;
  std::uint64_t twice = 0;
  std::int64_t addend = 0;
  std::int32_t shift = 0;
  std::int64_t threshold = kMin32;
  if (IsFactorInRange(factor) && base >= -kMaxAcc && base + span <= kMaxAcc) {
    shift = -factor.shift;
    twice = 2 * static_cast<std::uint64_t>(factor.multiplier);
    const std::int64_t half = (std::int64_t{1} << shift) >> 1;
    const std::int64_t zero =
        half + rescale.output_zero * (std::int64_t{1} << shift);
    if (shift > 0) threshold = zero;
    addend = static_cast<std::int64_t>(twice) * base + (std::int64_t{1} << 31) +
             zero * (std::int64_t{1} << 32);
  } else {
    const std::int32_t low =
        Requantize(static_cast<std::int32_t>(base), factor);
    const std::int32_t high =
        Requantize(static_cast<std::int32_t>(base + span), factor);
    if (low != high) return false;
    addend = Offset(low, rescale.output_zero, RangeOf(ElementType::kInt8)) *
             (std::int64_t{1} << 32);
  }
  channels->start[c] = static_cast<std::int32_t>(start);
  // Assigned by name: GCC 12's bounds sanitizer writes an element of a chosen
  // array, (odd ? a : b)[i], to a copy.
  if (c % 2 == 1) {
    channels->factor_odd[c / 2] = twice;
    channels->addend_odd[c / 2] = addend;
  } else {
    channels->factor_even[c / 2] = twice;
    channels->addend_even[c / 2] = addend;
  }
  channels->threshold[c] = static_cast<std::int32_t>(threshold);
  channels->shift[c] = shift;
  return true;
}

}  // namespace sotto::runtime
