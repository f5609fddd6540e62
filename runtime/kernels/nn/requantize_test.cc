#include "runtime/kernels/nn/requantize.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace sotto::runtime {
namespace {

__extension__ using Wide = __int128;

constexpr std::int32_t kMax = std::numeric_limits<std::int32_t>::max();
constexpr std::int32_t kMin = std::numeric_limits<std::int32_t>::min();

Wide Power(int exponent) { return Wide{1} << exponent; }

// The nearest integer to numerator / denominator (> 0), by division and
// remainder; a half goes up, or away from zero.
Wide Nearest(Wide numerator, Wide denominator, bool away) {
  Wide quotient = numerator / denominator, rest = numerator % denominator;
  if (rest < 0) {
    rest += denominator;
    --quotient;
  }
  if (2 * rest > denominator) return quotient + 1;
  if (2 * rest < denominator) return quotient;
  return away && numerator < 0 ? quotient : quotient + 1;
}

std::int32_t Saturate(Wide value) {
  return static_cast<std::int32_t>(
      std::clamp(value, static_cast<Wide>(kMin), static_cast<Wide>(kMax)));
}

std::int32_t Exact32(std::int32_t acc, FixedPoint f) {
  const int left = std::max(f.shift, 0), right = std::max(-f.shift, 0);
  const Wide high =
      Nearest(Wide{Saturate(Wide{acc} * Power(left))} * f.multiplier, Power(31),
              /*away=*/false);
  return Saturate(Nearest(Saturate(high), Power(right), /*away=*/true));
}

std::int32_t Exact64(std::int64_t acc, FixedPoint f) {
  const Wide limited =
      std::clamp(static_cast<Wide>(acc), -Power(47), Power(47) - 1);
  const Wide reduced =
      std::min(Nearest(f.multiplier, Power(16), false), Power(15) - 1);
  // Both sides times 2^15, so that the divisor is whole for every shift.
  return Saturate(Nearest(limited * reduced * Power(15),
                          Power(30 - std::min(f.shift, 30)), false));
}

std::vector<FixedPoint> Factors(std::mt19937& random) {
  std::vector<FixedPoint> factors = {{}};
  std::uniform_int_distribution<std::int32_t> any(1 << 30, kMax);
  for (std::int32_t shift = -31; shift <= 30; ++shift) {
    for (const std::int32_t m :
         {1 << 30, (1 << 30) + 1, 0x7FFEFFFF, 0x7FFF0000, kMax, any(random)}) {
      factors.push_back({m, shift});
    }
  }
  return factors;
}

TEST(RequantizeTest, ThirtyTwoBitsEqualTheExactDoubleRounding) {
  std::mt19937 random(1);
  std::uniform_int_distribution<std::int32_t> any(kMin, kMax), small(-999, 999);
  for (const FixedPoint f : Factors(random)) {
    std::vector<std::int32_t> values = {kMin, kMin + 1, -2, -1,      0,
                                        1,    2,        3,  1 << 30, kMax};
    for (int i = 0; i < 100; ++i) {
      values.push_back(any(random));
      values.push_back(small(random));
    }
    for (const std::int32_t acc : values) {
      ASSERT_EQ(Requantize(acc, f), Exact32(acc, f))
          << acc << " * " << f.multiplier << " shift " << f.shift;
    }
  }
}

TEST(RequantizeTest, SixtyFourBitsEqualTheExactSingleRounding) {
  std::mt19937 random(2);
  constexpr auto kLow = std::numeric_limits<std::int64_t>::min();
  constexpr auto kHigh = std::numeric_limits<std::int64_t>::max();
  std::uniform_int_distribution<std::int64_t> any(kLow, kHigh);
  for (const FixedPoint f : Factors(random)) {
    std::vector<std::int64_t> values = {kLow, -1, 0, 1, kHigh};
    for (int i = 0; i < 200; ++i) values.push_back(any(random) >> (i % 60));
    for (const std::int64_t acc : values) {
      ASSERT_EQ(Requantize(acc, f), Exact64(acc, f))
          << acc << " * " << f.multiplier << " shift " << f.shift;
    }
  }
}

TEST(RequantizeTest, HalvesOfTheHighProductGoUpAndOfTheShiftAwayFromZero) {
  EXPECT_EQ(SaturatingRoundingDoublingHighMul(1, 1 << 30), 1);    // 0.5
  EXPECT_EQ(SaturatingRoundingDoublingHighMul(-1, 1 << 30), 0);   // -0.5
  EXPECT_EQ(SaturatingRoundingDoublingHighMul(-3, 1 << 30), -1);  // -1.5
  EXPECT_EQ(SaturatingRoundingDoublingHighMul(kMin, kMin), kMax);
  EXPECT_EQ(RoundingDivideByPowerOfTwo(3, 1), 2);
  EXPECT_EQ(RoundingDivideByPowerOfTwo(-3, 1), -2);
  EXPECT_EQ(RoundingDivideByPowerOfTwo(-1, 2), 0);
  EXPECT_EQ(RoundingDivideByPowerOfTwo(-7, 0), -7);
  EXPECT_EQ(RoundingDivideByPowerOfTwo(kMin, 31), -1);
  EXPECT_EQ(RoundingDivideByPowerOfTwo(kMax, 31), 1);
}

TEST(RequantizeTest, AFixedPointNumberIsTheNearestOfThirtyOneBits) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> exponent(-31.9, 29.9);
  for (int i = 0; i < 2000; ++i) {
    const double factor = std::exp2(exponent(random));
    const FixedPoint f = ToFixedPoint(factor);
    ASSERT_GE(f.multiplier, 1 << 30);
    ASSERT_GE(f.shift, -31);
    ASSERT_LE(f.shift, 30);
    const double step = std::exp2(f.shift - 31);
    ASSERT_LE(std::abs(f.multiplier * step - factor), step / 2) << factor;
  }
}

TEST(RequantizeTest, FactorsOutOfRangeGiveZeroOrTheLargestNumber) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double factor : {0.0, -1.0, nan, 0x1p-33, 1e-300, -infinity}) {
    EXPECT_EQ(ToFixedPoint(factor).multiplier, 0) << factor;
    EXPECT_EQ(ToFixedPoint(factor).shift, 0) << factor;
  }
  for (const double factor :
       {0x1p30, 1e300, infinity, 0x1p30 * (1 - 0x1p-40)}) {
    EXPECT_EQ(ToFixedPoint(factor).multiplier, kMax) << factor;
    EXPECT_EQ(ToFixedPoint(factor).shift, 30) << factor;
  }
  EXPECT_EQ(ToFixedPoint(1.0 - 0x1p-40).multiplier, 1 << 30);  // rounds up to 1
  EXPECT_EQ(ToFixedPoint(1.0 - 0x1p-40).shift, 1);
}

TEST(QuantizeTest, RoundsHalvesAwayFromZeroAndSaturates) {
  const QuantizedRange s8 = RangeOf(ElementType::kInt8);
  EXPECT_EQ(Quantize(0.25f, 0.5f, 3, s8), 4);
  EXPECT_EQ(Quantize(-0.25f, 0.5f, 3, s8), 2);
  EXPECT_EQ(Quantize(1e30f, 0.5f, 3, s8), 127);
  EXPECT_EQ(Quantize(-std::numeric_limits<float>::infinity(), 0.5f, 3, s8),
            -128);
  EXPECT_EQ(Quantize(std::numeric_limits<float>::quiet_NaN(), 0.5f, 3, s8), 3);
  EXPECT_EQ(Quantize(0x1p31f, 1.0f, 0, RangeOf(ElementType::kInt32)), kMax);
  EXPECT_EQ(Quantize(-0x1p31f, 1.0f, 0, RangeOf(ElementType::kInt32)), kMin);
}

TEST(QuantizeTest, ActivationsBecomeRangesOfStoredValues) {
  const auto range = [](Activation a, ElementType t, float s, std::int32_t z) {
    const QuantizedRange r = ActivationRange(a, t, s, z);
    return std::vector<std::int32_t>{r.low, r.high};
  };
  using Pair = std::vector<std::int32_t>;
  const auto s8 = ElementType::kInt8;
  const auto u8 = ElementType::kUint8;
  EXPECT_EQ(range(Activation::kNone, s8, 0.1f, 5), Pair({-128, 127}));
  EXPECT_EQ(range(Activation::kRelu, s8, 0.1f, 5), Pair({5, 127}));
  EXPECT_EQ(range(Activation::kRelu6, s8, 0.1f, 5), Pair({5, 65}));
  EXPECT_EQ(range(Activation::kRelu6, s8, 0.01f, 5), Pair({5, 127}));
  EXPECT_EQ(range(Activation::kReluN1To1, s8, 0.1f, 5), Pair({-5, 15}));
  EXPECT_EQ(range(Activation::kRelu6, u8, 0.5f, 250), Pair({250, 255}));
  // A tiny scale does not overflow on its way into the range.
  EXPECT_EQ(range(Activation::kReluN1To1, ElementType::kInt16, 1e-38f, 0),
            Pair({-32768, 32767}));
}

TEST(QuantizeTest, OnlyFinitePositiveScalesAndFittingZeroPointsAreUsable) {
  float scale[2] = {0.5f, 0.25f};
  Tensor t = {.type = ElementType::kInt8, .shape = {2, {3, 2}}};
  t.quantization = {.scale = scale, .count = 1, .zero_point = -128};
  EXPECT_TRUE(IsQuantizedPerTensor(t));
  t.quantization.zero_point = -129;
  EXPECT_FALSE(IsQuantizedPerTensor(t));
  t.quantization.zero_point = 0;
  EXPECT_TRUE(IsQuantizedSymmetric(t, 1));
  t.quantization.count = 2;
  t.quantization.dimension = 1;
  EXPECT_FALSE(IsQuantizedPerTensor(t));
  EXPECT_TRUE(IsQuantizedSymmetric(t, 1));
  EXPECT_EQ(ScaleOf(t, 1), 0.25f);
  EXPECT_FALSE(IsQuantizedSymmetric(t, 0));
  EXPECT_FALSE(IsQuantizedSymmetric(t, 2));
  t.quantization.zero_point = 1;
  EXPECT_FALSE(IsQuantizedSymmetric(t, 1));
  t.quantization = {.scale = scale, .count = 1};
  for (const float bad : {0.0f, -1.0f, std::numeric_limits<float>::infinity(),
                          std::numeric_limits<float>::quiet_NaN()}) {
    scale[0] = bad;
    EXPECT_FALSE(IsQuantizedPerTensor(t)) << bad;
    EXPECT_FALSE(IsQuantizedSymmetric(t, 0)) << bad;
  }
}

}  // namespace
}  // namespace sotto::runtime
