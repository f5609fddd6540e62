// Cast, Quantize and Dequantize, with the values that no conversion of C++
// defines: NaN, infinities and numbers beyond the target's range.

#include <cmath>
#include <limits>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/kernels/elementwise/half.h"
#include "runtime/kernels/elementwise/kernel_sweep_test_support.h"
#include "runtime/kernels/nn/requantize.h"

namespace sotto::runtime {
namespace {

using enum ElementType;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

const std::vector<ElementType> kTypes = {
    kFloat32, kFloat16, kInt32,  kUint8,  kInt64,  kBool,     kInt16,
    kInt8,    kFloat64, kUint32, kUint64, kUint16, kComplex64};

TEST(Cast, KeepsWhatBothTypesHoldForEveryPair) {
  for (const ElementType from : kTypes) {
    for (const ElementType to : kTypes) {
      for (const bool in_place : {false, true}) {
        SCOPED_TRACE(testing::Message() << int(from) << " to " << int(to));
        // More than one block of elements.
        const TestTensor x =
            Filled(from, {2, {3, 70}}, 9, 0, from == kBool ? 1 : 100);
        std::vector<double> want;
        const bool is_real = to == kFloat32 || to == kFloat64 ||
                             to == kFloat16 || to == kComplex64;
        for (std::size_t i = 0; i < 210; ++i) {
          const double value = StoredAt(x.tensor, i);
          want.push_back(is_real       ? value
                         : to == kBool ? double(value != 0)
                                       : std::trunc(value));
        }
        const Outcome got =
            RunOperator(OpCode::kCast, {x}, Output(to), {}, in_place);
        ASSERT_EQ(got.code, StatusCode::kOk) << got.reason;
        for (std::size_t i = 0; i < 210; ++i) {
          const double slack = to == kFloat16                       ? 0x1p-11
                               : to == kFloat32 || to == kComplex64 ? 0x1p-24
                                                                    : 0.0;
          ASSERT_NEAR(StoredAt(got.y.tensor, i), want[i], slack * want[i]) << i;
        }
      }
    }
  }
}

TEST(Cast, SaturatesRealNumbersAndTakesNanForZero) {
  const std::vector<float> hostile = {kNan,   kInfinity, -kInfinity, 3e38f,
                                      -3e38f, 300.75f,   -300.75f};
  struct Case {
    ElementType to;
    double low, high;
  };
  const std::vector<Case> cases = {{kInt8, -128, 127},
                                   {kUint8, 0, 255},
                                   {kInt16, -32768, 32767},
                                   {kUint16, 0, 65535},
                                   {kInt32, -0x1p31, 0x1p31 - 1},
                                   {kUint32, 0, 0x1p32 - 1},
                                   {kInt64, -0x1p63, 0x1p63},
                                   {kUint64, 0, 0x1p64}};
  for (const Case& c : cases) {
    for (const ElementType from : {kFloat32, kFloat64, kComplex64}) {
      TestTensor x = Filled(from, {1, {7}}, 0, 0, 0);
      for (std::size_t i = 0; i < 7; ++i) SetStored(x.tensor, i, hostile[i]);
      const Outcome got = RunOperator(OpCode::kCast, {x}, Output(c.to));
      ASSERT_EQ(got.code, StatusCode::kOk);
      EXPECT_EQ(StoredAt(got.y.tensor, 0), 0);
      for (std::size_t i = 1; i < 7; ++i) {
        EXPECT_EQ(StoredAt(got.y.tensor, i),
                  std::fmin(std::fmax(std::trunc(hostile[i]), c.low), c.high))
            << int(c.to) << " of " << hostile[i];
      }
    }
  }
}

TEST(Cast, IntegersWrapAndLargeOnesAreRoundedOnce) {
  const TestTensor x = TestTensor::Ints({1, {3}}, {-1, 300, -70000});
  const Outcome bytes = RunOperator(OpCode::kCast, {x}, Output(kUint8));
  EXPECT_EQ(bytes.y.values<std::uint8_t>(),
            (std::vector<std::uint8_t>{255, 44, 144}));
  const Outcome wide = RunOperator(OpCode::kCast, {x}, Output(kUint64));
  EXPECT_EQ(wide.y.values<std::uint64_t>()[0], ~std::uint64_t{0});
  // Just above the middle of two floats; by way of a double it would be on it.
  const std::int64_t odd =
      (std::int64_t{1} << 60) + (std::int64_t{1} << 36) + 1;
  const TestTensor big = TestTensor::Of<std::int64_t>(kInt64, {1, {1}}, {odd});
  const Outcome real = RunOperator(OpCode::kCast, {big}, Output(kFloat32));
  EXPECT_EQ(real.y.values<float>()[0], 0x1p60f + 0x1p37f);
  const TestTensor top =
      TestTensor::Of<std::uint64_t>(kUint64, {1, {1}}, {~std::uint64_t{0}});
  const Outcome most = RunOperator(OpCode::kCast, {top}, Output(kFloat32));
  EXPECT_EQ(most.y.values<float>()[0], 0x1p64f);
}

TEST(Cast, NanIsTrue) {
  const Outcome got = RunOperator(
      OpCode::kCast, {TestTensor::Floats({1, {3}}, {kNan, 0.0f, 0.25f})},
      Output(kBool));
  EXPECT_EQ(got.y.values<std::uint8_t>(), (std::vector<std::uint8_t>{1, 0, 1}));
}

TEST(Half, EveryValueSurvivesTheWayThroughDouble) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = HalfToFloat(half);
    if (value != value) {
      EXPECT_EQ(DoubleToHalf(value) & 0x7E00, 0x7E00);
      continue;
    }
    ASSERT_EQ(DoubleToHalf(value), half) << value;
    // Halfway to the next larger magnitude goes to the even one.
    if ((bits & 0x7FFF) >= 0x7BFF) continue;
    const float next = HalfToFloat(static_cast<std::uint16_t>(bits + 1));
    const double middle = (double{value} + double{next}) / 2;
    ASSERT_EQ(DoubleToHalf(middle), bits % 2 == 0 ? bits : bits + 1) << middle;
  }
  EXPECT_EQ(DoubleToHalf(65519.99), 0x7BFF);
  EXPECT_EQ(DoubleToHalf(65520.0), 0x7C00);
  EXPECT_EQ(DoubleToHalf(-1e300), 0xFC00);
  EXPECT_EQ(DoubleToHalf(0x1p-26), 0);
}

TEST(Quantize, RoundsHalvesAwayFromZeroAndSaturates) {
  const std::vector<float> values = {0.25f,     -0.25f,     0.75f, 0.2499999f,
                                     63.4f,     -70.0f,     1e9f,  -1e9f,
                                     kInfinity, -kInfinity, 3e38f};
  for (const ElementType type : {kInt8, kUint8, kInt16, kInt32}) {
    const QuantizedRange range = RangeOf(type);
    for (const std::int32_t zero : {0, 5}) {
      const TestTensor x = TestTensor::Floats(
          {1, {static_cast<std::int32_t>(values.size())}}, values);
      const Outcome got =
          RunOperator(OpCode::kQuantize, {x}, Output(type, 0.5f, zero));
      ASSERT_EQ(got.code, StatusCode::kOk) << got.reason;
      for (std::size_t i = 0; i < values.size(); ++i) {
        const double want =
            std::fmin(std::fmax(std::round(double{values[i]} / 0.5) + zero,
                                double(range.low)),
                      double(range.high));
        EXPECT_EQ(StoredAt(got.y.tensor, i), want) << values[i];
      }
    }
  }
}

TEST(Quantize, NanBecomesTheZeroPointEvenAtExtremeScales) {
  for (const ElementType type : {kInt8, kUint8, kInt16, kInt32}) {
    for (const float scale : {1e-44f, 1.0f, 3e38f}) {
      const Outcome got = RunOperator(
          OpCode::kQuantize, {TestTensor::Floats({1, {2}}, {kNan, 0.0f})},
          Output(type, scale, 7));
      ASSERT_EQ(got.code, StatusCode::kOk);
      EXPECT_EQ(StoredAt(got.y.tensor, 0), 7);
      EXPECT_EQ(StoredAt(got.y.tensor, 1), 7);
    }
  }
}

TEST(Quantize, IntegersAreRescaledBetweenAllTypes) {
  const std::vector<ElementType> types = {kInt8, kUint8, kInt16, kInt32};
  for (const ElementType from : types) {
    for (const ElementType to : types) {
      for (const float y_scale : {0.02f, 0.05f, 0.3f}) {
        TestTensor x =
            Filled(from, {1, {300}}, 3, std::max(RangeOf(from).low, -100000),
                   std::min(RangeOf(from).high, 100000));
        x.Quantize({0.05f}, 3);
        const Outcome got =
            RunOperator(OpCode::kQuantize, {x}, Output(to, y_scale, 2));
        ASSERT_EQ(got.code, StatusCode::kOk) << got.reason;
        for (std::size_t i = 0; i < 300; ++i) {
          const double want =
              std::fmin(std::fmax(RealAt(x.tensor, i) / double{y_scale} + 2,
                                  double(RangeOf(to).low)),
                        double(RangeOf(to).high));
          ASSERT_NEAR(StoredAt(got.y.tensor, i), want, 0.51);
        }
      }
    }
  }
}

TEST(Dequantize, OneScaleOrOnePerSlice) {
  for (const ElementType type : {kInt8, kUint8, kInt16, kInt32}) {
    for (const std::int32_t dimension : {0, 1, 2}) {
      const QuantizedRange range = RangeOf(type);
      const double bound = std::min(range.high, 1000000);
      TestTensor x =
          Filled(type, {3, {2, 3, 4}}, 3, type == kUint8 ? 0 : -bound, bound);
      std::vector<float> scales = {0.5f, 0.03f, 1e-3f, 7.0f};
      scales.resize(static_cast<std::size_t>(2 + dimension));
      for (const bool per_slice : {false, true}) {
        if (per_slice) {
          x.Quantize(scales, 0, dimension);
        } else {
          x.Quantize({0.03f}, 9);
        }
        const Outcome got =
            RunOperator(OpCode::kDequantize, {x}, Output(kFloat32));
        ASSERT_EQ(got.code, StatusCode::kOk) << got.reason;
        for (std::size_t i = 0; i < 24; ++i) {
          const std::size_t slice = dimension == 0   ? i / 12
                                    : dimension == 1 ? i / 4 % 3
                                                     : i % 4;
          const double stored = StoredAt(x.tensor, i);
          const double want = per_slice ? stored * double{scales[slice]}
                                        : (stored - 9) * double{0.03f};
          ASSERT_NEAR(got.y.values<float>()[i], want, 1e-6 * std::fabs(want));
        }
      }
    }
  }
}

TEST(Dequantize, HalfPrecisionIsExact) {
  const TestTensor x = TestTensor::Of<std::uint16_t>(
      kFloat16, {1, {4}}, {0x3C00, 0xC500, 1, 0x7C00});
  const Outcome got = RunOperator(OpCode::kDequantize, {x}, Output(kFloat32));
  ASSERT_EQ(got.code, StatusCode::kOk);
  EXPECT_EQ(got.y.values<float>(),
            (std::vector<float>{1.0f, -5.0f, 0x1p-24f, kInfinity}));
}

}  // namespace
}  // namespace sotto::runtime
