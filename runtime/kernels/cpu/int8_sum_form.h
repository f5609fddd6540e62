// The quantised sum of two 8-bit numbers as one linear form of them.
//
// The operator rescales both numbers and then their sum, each time rounding
// (elementwise/quantized_sum.cc). Its result depends on 2^16 pairs only, and
// for most scales
//
//   t = a * weight_a + b * weight_b + start,  y = floor(t / 2^28)
//
// gives all of them, the last clamp aside: the two differ only for pairs where
// t is so near a multiple of 2^28 that the roundings in between matter. Finding
// those takes a sort and 256 searches; a shift of `start` is then looked for
// that makes them right too. Where there is none (one network in ten, and
// scales with exact ties), there is no such form.
//
// weight = high * 2^15 + low, as is start, so that 16-bit products suffice:
//
//   y = (h + (l >> 15)) >> 13,  h, l = a * high_a + b * high_b + start_high,
//   ...
//
// Overflow: 0 <= a, b <= 255 and 0 <= high, low < 2^15, so that products stay
// below 2^23, h and l below 2^26.

#ifndef SOTTO_RUNTIME_KERNELS_CPU_INT8_SUM_FORM_H_
#define SOTTO_RUNTIME_KERNELS_CPU_INT8_SUM_FORM_H_

#include <cstdint>

#include "runtime/kernels/nn/requantize.h"

namespace sotto::runtime {

struct Int8Addend {
  std::int32_t zero = 0;  // in [0, 255]
  FixedPoint factor;      // of (number - zero) * 2^20
};

struct Int8SumForm {
  std::int16_t a_high, b_high, a_low, b_low;
  std::int32_t start_high, start_low;

  // The result for two u8 numbers, not clamped.
  std::int32_t At(std::int32_t a, std::int32_t b) const {
    const std::int32_t high = start_high + a * a_high + b * b_high;
    const std::int32_t low = start_low + a * a_low + b * b_low;
    return (high + (low >> 15)) >> 13;
  }
};

// False: there is no form. `factor` is that of the sum, `zero` that of y.
bool FindInt8SumForm(const Int8Addend& a, const Int8Addend& b,
                     FixedPoint factor, std::int32_t zero, Int8SumForm* form);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_CPU_INT8_SUM_FORM_H_
