// exp and 1 / (1 + x) on 32-bit fixed-point numbers, by the formulas that the
// quantised .tflite operators are defined with. Qm.n: m integer bits, n
// fractional bits and a sign.

#ifndef SOTTO_RUNTIME_KERNELS_NN_FIXED_POINT_MATH_H_
#define SOTTO_RUNTIME_KERNELS_NN_FIXED_POINT_MATH_H_

#include <cstdint>
#include <limits>

#include "runtime/kernels/nn/requantize.h"

namespace sotto::runtime {

// value * 2^exponent, saturated; exponent in [0, 31].
inline std::int32_t SaturatingShiftLeft(std::int32_t value, int exponent) {
  return SaturateToInt32(std::int64_t{value} * (std::int64_t{1} << exponent));
}

// exp(x), Q0.31, for x <= 0 in Q5.26; exp(0) is the largest number, 1 - 2^-31.
// x = r - n / 4 with r in [-1/4, 0): exp(r) by Taylor's formula of order 4
// around -1/8, then times exp(-2^k) for each bit of n. No sum overflows: every
// term lies inside (-1, 1).
inline std::int32_t FixedPointExp(std::int32_t x) {
  if (x == 0) return std::numeric_limits<std::int32_t>::max();
  constexpr std::int32_t kQuarter = 1 << 24;              // Q5.26
  constexpr std::int32_t kExpOfMinusEighth = 1895147668;  // Q0.31, as below
  constexpr std::int32_t kThird = 715827883;
  const std::int32_t r = (x & (kQuarter - 1)) - kQuarter;
  const std::int32_t t = r * 32 + (1 << 28);  // r + 1/8 in Q0.31
  const auto times = SaturatingRoundingDoublingHighMul;
  const std::int32_t t2 = times(t, t);
  const std::int32_t t3 = times(t2, t);
  const std::int32_t t4 = times(t2, t2);
  const std::int32_t tail = RoundingDivideByPowerOfTwo(
      times(RoundingDivideByPowerOfTwo(t4, 2) + t3, kThird) + t2, 1);
  std::int32_t result = kExpOfMinusEighth + times(kExpOfMinusEighth, t + tail);
  // exp(-1/4), exp(-1/2), exp(-1) ... exp(-16).
  constexpr std::int32_t kFactors[] = {
      1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
  const std::int32_t quarters = (r - x) >> 24;
  for (int k = 0; k < 7; ++k) {
    if ((quarters >> k & 1) != 0) result = times(result, kFactors[k]);
  }
  return result;
}

// 1 / (1 + x), Q0.31, for x in [0, 1) in Q0.31. Newton's iteration for the
// reciprocal of (1 + x) / 2 in Q2.29, from 48/17 - 32/17 * d, three steps.
inline std::int32_t FixedPointOneOverOnePlus(std::int32_t x) {
  const auto half_denominator = static_cast<std::int32_t>(
      (std::int64_t{x} + (std::int64_t{1} << 31)) / 2);
  constexpr std::int32_t k48Over17 = 1515870810;
  constexpr std::int32_t kMinus32Over17 = -1010580540;
  const auto times = SaturatingRoundingDoublingHighMul;
  std::int32_t y = k48Over17 + times(half_denominator, kMinus32Over17);
  for (int step = 0; step < 3; ++step) {
    const std::int32_t error = (1 << 29) - times(half_denominator, y);
    // The product of two Q2.29 is Q4.27.
    y += SaturatingShiftLeft(times(y, error), 2);
  }
  return SaturatingShiftLeft(y, 1);  // half of y, brought from Q2.29 to Q0.31
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_NN_FIXED_POINT_MATH_H_
