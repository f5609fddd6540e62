// What the 8-bit kernels know of 16 output channels: how a sum of products
// becomes a stored value, bit for bit as Requantize (nn/requantize.h) has it.
//
// Sums are formed of u8 activations (int8 ones plus 128) and s8 weights and
// start at `start`, chosen so that no sum u is ever negative. The accumulator
// that the operator means is acc = u + base. With factor = 2 * multiplier:
//
//   rounded = high 32 bits of (u * factor + addend)
//           = floor((acc * multiplier + 2^30) / 2^31) + half + zero_point * 2^e
//   result  = (rounded - (rounded < threshold)) >> e,   half = 2^(e-1) or 0
//
// threshold is what rounded is for 0, so the correction makes halves of
// negative numbers round away from zero; e = 0 has none to round.
//
// Overflow: u < 2^31, factor < 2^32, |acc| <= 2^30 and e <= 22, so that rounded
// stays below 2^30 + 2^21 + 2^29. A channel outside of this serves only where
// its result does not depend on the input; others are refused.

#ifndef SOTTO_RUNTIME_KERNELS_CPU_INT8_CHANNELS_H_
#define SOTTO_RUNTIME_KERNELS_CPU_INT8_CHANNELS_H_

#include <cstddef>
#include <cstdint>

#include "runtime/kernels/nn/requantize.h"

namespace sotto::runtime {

constexpr std::size_t kInt8Panel = 16;

struct alignas(64) Int8Channels {
  std::int32_t start[16];
  std::uint64_t factor_even[8], factor_odd[8];  // of channels 2i, 2i + 1
  std::int64_t addend_even[8], addend_odd[8];
  std::int32_t threshold[16], shift[16];
};

// One channel's weights, as true integers (zero point taken off): the sum of
// the positive ones and that of the negative ones.
struct Int8WeightSums {
  std::int64_t positive = 0, negative = 0;
};

struct Int8Rescale {
  std::int32_t input_zero = 0;   // in [0, 255]: of the activations as u8
  std::int32_t output_zero = 0;  // in [-128, 127]: of the results as s8
};

// Fills in channel `c` of `channels`; false where it is out of range.
bool SetInt8Channel(const Int8Rescale& rescale, const Int8WeightSums& weights,
                    std::int64_t bias, FixedPoint factor, std::size_t c,
                    Int8Channels* channels);
// Whether SetInt8Channel takes any channel of `size` weights within
// [-255, 255] with this bias and factor.
bool IsInt8ChannelSafe(std::int64_t size, std::int64_t bias, FixedPoint factor);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_CPU_INT8_CHANNELS_H_
