#include "runtime/kernels/recurrent/fixed_point16.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>

namespace sotto::runtime {
namespace {

using Raw = std::int16_t;

constexpr Raw kOne = 32767;  // the nearest to 1 in 15 fractional bits

// Addition that wraps, as a register of 16 bits does.
Raw Add(int a, int b) { return static_cast<Raw>(a + b); }

Raw Saturate(std::int32_t value) {
  return static_cast<Raw>(std::clamp<std::int32_t>(value, -32768, 32767));
}

// The product of two fractions, halves rounded upwards.
Raw Multiply(Raw a, Raw b) {
  return Saturate((std::int32_t{a} * b + (1 << 14)) >> 15);
}

Raw ShiftLeft(Raw value, int bits) {
  return Saturate(std::int32_t{value} * (1 << bits));
}

Raw Halve(Raw value, int bits) {
  return static_cast<Raw>(RoundingDivideByPowerOfTwo(value, bits));
}

// exp(a) for a in [-1/4, 0), 15 fractional bits: a Taylor series around -1/8.
Raw ExpOnQuarter(Raw a) {
  constexpr Raw kExpOfMinusEighth = 28918, kThird = 10923;
  const Raw x = Add(a, 1 << 12);
  const Raw x2 = Multiply(x, x), x3 = Multiply(x2, x), x4 = Multiply(x2, x2);
  const Raw tail = Halve(Add(Multiply(Add(Halve(x4, 2), x3), kThird), x2), 1);
  return Saturate(kExpOfMinusEighth +
                  Multiply(kExpOfMinusEighth, Add(x, tail)));
}

// exp(a) for a <= 0 of `integer_bits` integer bits.
Raw ExpOnNegative(Raw a, int integer_bits) {
  if (a == 0) return kOne;
  const int fraction = 15 - integer_bits;
  const int quarter = 1 << (fraction - 2);
  const Raw rest = Add(a & (quarter - 1), -quarter);  // in [-1/4, 0)
  const Raw remainder = Add(rest, -a);                // a multiple of 1/4
  Raw result = ExpOnQuarter(ShiftLeft(rest, integer_bits));
  // exp(-2^e), e from -2 to 4.
  constexpr Raw kPowers[] = {25520, 19875, 12055, 4435, 600, 11, 0};
  for (int e = -2; e <= 4 && e < integer_bits; ++e) {
    if ((remainder >> (fraction + e) & 1) != 0) {
      result = Multiply(result, kPowers[e + 2]);
    }
  }
  if (integer_bits > 5 && a < -(1 << (20 - integer_bits))) return 0;  // < -32
  return result;
}

// 2 / (1 + a) with 13 fractional bits, a in [0, 1): three Newton steps.
Raw TwiceInverseOfOnePlus(Raw a) {
  constexpr Raw k48Over17 = 23130, kMinus32Over17 = -15420, kOneQ13 = 1 << 13;
  const auto half = static_cast<Raw>((std::int32_t{a} + kOne + 1) / 2);
  Raw x = Add(k48Over17, Multiply(half, kMinus32Over17));
  for (int i = 0; i < 3; ++i) {
    const Raw error = Add(kOneQ13, -Multiply(half, x));
    x = Add(x, ShiftLeft(Multiply(x, error), 2));
  }
  return x;
}

}  // namespace

std::int16_t LogisticQ12(std::int16_t value) {
  if (value == 0) return 1 << 14;
  const Raw negative = value > 0 ? Add(0, -value) : value;
  const Raw positive =
      ShiftLeft(TwiceInverseOfOnePlus(ExpOnNegative(negative, 3)), 1);
  return value > 0 ? positive : Add(kOne, -positive);
}

std::int16_t TanhFixed(std::int16_t value, int integer_bits) {
  if (value == 0) return 0;
  const Raw negative = value > 0 ? Add(0, -value) : value;
  const Raw x =
      TwiceInverseOfOnePlus(ExpOnNegative(negative, integer_bits + 1));
  const Raw result = ShiftLeft(Add(x, -(1 << 13)), 2);
  return value > 0 ? result : Add(0, -result);
}

FixedPoint InverseSquareRoot(std::int32_t value) {
  constexpr std::int32_t kMax = std::numeric_limits<std::int32_t>::max();
  if (value <= 1) return {kMax, 0};
  int shift = 11;
  for (; value >= 1 << 29; ++shift) value /= 4;
  const int spare = std::countl_zero(static_cast<std::uint32_t>(value)) - 1;
  const int pairs = spare / 2 - 1;
  shift -= pairs;
  value <<= 2 * pairs;  // in [2^27, 2^29)
  const auto multiply = SaturatingRoundingDoublingHighMul;
  const auto shift_left = [](std::int32_t v, int bits) {
    return SaturateToInt32(std::int64_t{v} * (std::int64_t{1} << bits));
  };
  // Newton's x = x (3 - v x^2) / 2 with 28 fractional bits.
  const std::int32_t half = RoundingDivideByPowerOfTwo(value >> 1, 1);
  constexpr std::int32_t kOneAndAHalf = (1 << 28) + (1 << 27);
  std::int32_t x = 1 << 28;
  for (int i = 0; i < 5; ++i) {
    const std::int32_t cube = shift_left(multiply(multiply(x, x), x), 6);
    x = shift_left(SaturateToInt32(std::int64_t{multiply(kOneAndAHalf, x)} -
                                   multiply(half, cube)),
                   3);
  }
  constexpr std::int32_t kHalfRootOfTwo = 1518500250;
  x = multiply(x, kHalfRootOfTwo);
  if (shift < 0) return {shift_left(x, -shift), 0};
  return {x, -shift};
}

}  // namespace sotto::runtime
