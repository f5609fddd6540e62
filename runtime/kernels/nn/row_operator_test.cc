// SOFTMAX, LOG_SOFTMAX and L2_NORMALIZATION against double precision.

#include <cmath>
#include <cstdint>
#include <functional>
#include <random>

#include "gtest/gtest.h"
#include "runtime/kernels/nn/fixed_point_math.h"
#include "runtime/kernels/nn/weighted_sum_test_support.h"

namespace sotto::runtime {

extern const Kernel kL2NormalizationF32Reference, kL2NormalizationS8Reference,
    kL2NormalizationU8Reference, kLogSoftmaxF32Reference,
    kLogSoftmaxS8Reference, kLogSoftmaxU8Reference, kSoftmaxF32Reference,
    kSoftmaxS16Reference, kSoftmaxS8Reference, kSoftmaxS8S16Reference,
    kSoftmaxU8Reference;

namespace {

enum class Function { kSoftmax, kLogSoftmax, kL2 };

struct RowKernel {
  const Kernel& kernel;
  Function function;
  ElementType x, y;
  float y_scale;
  std::int32_t y_zero;
  double tolerance;  // relative for f32, in steps for integers
};

constexpr auto kF32 = ElementType::kFloat32;
constexpr auto kS8 = ElementType::kInt8;
constexpr auto kU8 = ElementType::kUint8;
constexpr auto kS16 = ElementType::kInt16;

const RowKernel kKernels[] = {
    {kSoftmaxF32Reference, Function::kSoftmax, kF32, kF32, 1, 0, 1e-6},
    {kSoftmaxS8Reference, Function::kSoftmax, kS8, kS8, 0x1p-8f, -128, 0.51},
    {kSoftmaxU8Reference, Function::kSoftmax, kU8, kU8, 0x1p-8f, 0, 0.51},
    {kSoftmaxS8S16Reference, Function::kSoftmax, kS8, kS16, 0x1p-16f, -32768,
     0.75},
    {kSoftmaxS16Reference, Function::kSoftmax, kS16, kS16, 0x1p-15f, 0, 3.0},
    {kLogSoftmaxF32Reference, Function::kLogSoftmax, kF32, kF32, 1, 0, 1e-6},
    {kLogSoftmaxS8Reference, Function::kLogSoftmax, kS8, kS8, 0x1p-4f, 127,
     0.501},
    {kLogSoftmaxU8Reference, Function::kLogSoftmax, kU8, kU8, 0x1p-4f, 255,
     0.501},
    {kL2NormalizationF32Reference, Function::kL2, kF32, kF32, 1, 0, 1e-6},
    {kL2NormalizationS8Reference, Function::kL2, kS8, kS8, 0x1p-7f, 0, 1.01},
    {kL2NormalizationU8Reference, Function::kL2, kU8, kU8, 0x1p-7f, 128, 1.01}};

// `least`: no exponential counts for less, relative to the largest.
std::vector<double> Expected(Function function, const std::vector<double>& x,
                             double beta, double least) {
  std::vector<double> y = x;
  if (function == Function::kL2) {
    double sum = 0;
    for (const double v : x) sum += v * v;
    for (double& v : y) v = sum > 0 ? v / std::sqrt(sum) : 0;
    return y;
  }
  // Without the largest taken off: doubles have the range.
  double sum = 0, floor = 0;
  for (const double v : x) floor = std::max(floor, least * std::exp(beta * v));
  for (const double v : x) sum += std::max(std::exp(beta * v), floor);
  for (double& v : y) {
    v = function == Function::kSoftmax
            ? std::max(std::exp(beta * v), floor) / sum
            : beta * v - std::log(sum);
  }
  return y;
}

void Check(const RowKernel& k, std::int32_t rows, std::int32_t depth,
           float x_scale, float beta, std::mt19937& random) {
  TestTensor x = RandomTensor(k.x, {2, {rows, depth}}, random);
  TestTensor y;
  y.tensor.type = k.y;
  if (k.x != kF32) {
    x.Quantize({x_scale}, k.x == kS16 ? 0 : (k.x == kU8 ? 131 : 3));
    y.Quantize({k.y_scale}, k.y_zero);
  }
  Options options;
  options.beta = beta;
  for (const bool in_place : {false, true}) {
    TestTensor input = x;
    input.Allocate(x.tensor.bytes());
    std::memcpy(input.tensor.data, x.tensor.data, x.tensor.bytes());
    KernelRunner run(k.kernel);
    ASSERT_EQ(run({&input}, {&y}, options, in_place), StatusCode::kOk)
        << run.reason();
    ASSERT_EQ(y.tensor.shape, x.tensor.shape);
    for (std::int32_t r = 0; r < rows; ++r) {
      std::vector<double> row;
      for (std::int32_t i = 0; i < depth; ++i) {
        row.push_back(Raw(x.tensor, static_cast<std::size_t>(r * depth + i)) *
                      (k.x == kF32 ? 1.0 : double{x_scale}));
      }
      const std::vector<double> want =
          Expected(k.function, row, beta, k.x == kS16 ? std::exp(-10.0) : 0.0);
      for (std::int32_t i = 0; i < depth; ++i) {
        const double got =
            Raw(y.tensor, static_cast<std::size_t>(r * depth + i));
        double value = want[static_cast<std::size_t>(i)];
        if (k.y == kF32) {
          ASSERT_NEAR(got, value, k.tolerance * std::max(std::abs(value), 1.0))
              << r << ' ' << i;
          continue;
        }
        const QuantizedRange range = RangeOf(k.y);
        value = std::clamp<double>(value / k.y_scale, range.low - k.y_zero,
                                   range.high - k.y_zero);
        // The table of the int16 kernel is off by up to one step for each
        // element of the sum.
        const double drift =
            k.x == kS16 ? value * k.y_scale * static_cast<double>(depth) : 0;
        ASSERT_NEAR(got, value, k.tolerance + drift) << r << ' ' << i;
      }
    }
  }
}

TEST(RowOperatorTest, EveryTypeIsNearTheDoublePrecisionValue) {
  std::mt19937 random(21);
  for (const RowKernel& k : kKernels) {
    for (const std::int32_t depth : {1, 2, 3, 10, 17, 1000}) {
      for (const float scale : {0.02f, 0.1f, 0.5f}) {
        for (const float beta : {1.0f, 0.5f}) {
          if (k.function != Function::kSoftmax && beta != 1.0f) continue;
          const float x_scale = k.x == kS16 ? scale / 200 : scale;
          SCOPED_TRACE(testing::Message() << &k - kKernels << " depth " << depth
                                          << " scale " << scale);
          ASSERT_NO_FATAL_FAILURE(Check(k, 3, depth, x_scale, beta, random));
        }
      }
    }
    Check(k, 0, 5, 0.1f, 1.0f, random);
    Check(k, 5, 0, 0.1f, 1.0f, random);
  }
}

TEST(RowOperatorTest, ExtremeScalesAndLongRowsStayInRange) {
  for (const float scale : {1e-30f, 1e-9f, 15.9f, 16.0f, 1e9f, 1e38f}) {
    for (const RowKernel& k : kKernels) {
      if (k.x == kF32) continue;
      std::mt19937 random(4);
      TestTensor x = RandomTensor(k.x, {1, {9000}}, random);
      x.Quantize({scale});
      TestTensor y;
      y.tensor.type = k.y;
      y.Quantize({k.y_scale}, k.y_zero);
      KernelRunner run(k.kernel);
      EXPECT_EQ(run({&x}, {&y}), StatusCode::kOk) << run.reason();
    }
  }
}

TEST(RowOperatorTest, LongEvenRowsStillGiveOneOverTheirLength) {
  TestTensor x =
      TestTensor::Of(kS8, {1, {6000}}, std::vector<std::int8_t>(6000, 7));
  x.Quantize({0.1f});
  TestTensor y;
  y.tensor.type = kS16;
  y.Quantize({0x1p-16f}, -32768);
  KernelRunner run(kSoftmaxS8S16Reference);
  ASSERT_EQ(run({&x}, {&y}), StatusCode::kOk);
  EXPECT_EQ(y.values<std::int16_t>()[5999], -32768 + 11);  // 65536 / 6000
}

TEST(RowOperatorTest, RowsOfZerosNormaliseToZeros) {
  TestTensor x = TestTensor::Of(kS8, {1, {3}}, std::vector<std::int8_t>(3, 9));
  x.Quantize({0.1f}, 9);
  TestTensor y;
  y.tensor.type = kS8;
  y.Quantize({0x1p-7f}, 0);
  KernelRunner run(kL2NormalizationS8Reference);
  ASSERT_EQ(run({&x}, {&y}), StatusCode::kOk);
  EXPECT_EQ(y.values<std::int8_t>(), std::vector<std::int8_t>(3, 0));
}

TEST(RowOperatorTest, RefusesWhatDoesNotFit) {
  std::mt19937 random(2);
  for (const RowKernel& k : kKernels) {
    TestTensor x = RandomTensor(k.x, {2, {2, 4}}, random);
    TestTensor y;
    y.tensor.type = k.y;
    if (k.x != kF32) {
      x.Quantize({0.1f});
      y.Quantize({k.y_scale}, k.y_zero);
    }
    KernelRunner run(k.kernel);
    ASSERT_EQ(run({&x}, {&y}), StatusCode::kOk);
    EXPECT_EQ(run({nullptr}, {&y}), StatusCode::kInvalidArgument);
    EXPECT_EQ(run({&x, &x}, {&y}), StatusCode::kInvalidArgument);
    EXPECT_EQ(run({&x}, {}), StatusCode::kInvalidArgument);
    y.tensor.type = ElementType::kInt64;
    EXPECT_EQ(run({&x}, {&y}), StatusCode::kUnimplemented);
    y.tensor.type = k.y;
    x.tensor.type = ElementType::kInt64;
    EXPECT_EQ(run({&x}, {&y}), StatusCode::kUnimplemented);
    x.tensor.type = k.x;
    Options options;
    options.beta = 0.0f;
    EXPECT_EQ(run({&x}, {&y}, options), k.function == Function::kSoftmax
                                            ? StatusCode::kInvalidArgument
                                            : StatusCode::kOk);
    options.beta = std::nanf("");
    EXPECT_EQ(run({&x}, {&y}, options), k.function == Function::kSoftmax
                                            ? StatusCode::kInvalidArgument
                                            : StatusCode::kOk);
    options = {};
    options.activation = Activation::kRelu;
    EXPECT_EQ(run({&x}, {&y}, options), k.function == Function::kL2
                                            ? StatusCode::kUnimplemented
                                            : StatusCode::kOk);
    x.tensor.shape = {};
    EXPECT_EQ(run({&x}, {&y}), StatusCode::kInvalidArgument);
    x.tensor.shape = {2, {2, 4}};
    if (k.x == kF32) continue;
    for (TestTensor* t : {&x, &y}) {
      const TensorQuantization good = t->tensor.quantization;
      t->tensor.quantization.count = 0;
      EXPECT_EQ(run({&x}, {&y}), StatusCode::kInvalidArgument);
      t->tensor.quantization = good;
      t->tensor.quantization.zero_point = 70000;
      EXPECT_EQ(run({&x}, {&y}), StatusCode::kInvalidArgument);
      t->tensor.quantization = good;
    }
    if (k.function != Function::kLogSoftmax) {
      y.Quantize({0.1f}, k.y_zero);
      EXPECT_EQ(run({&x}, {&y}), StatusCode::kInvalidArgument);
    }
  }
}

TEST(FixedPointMathTest, ExpIsExactToTheTwentyFirstBit) {
  for (std::int64_t x = -(std::int64_t{1} << 31); x <= 0; x += 999983) {
    const double want = std::exp(static_cast<double>(x) * 0x1p-26);
    const double got = FixedPointExp(static_cast<std::int32_t>(x)) * 0x1p-31;
    ASSERT_NEAR(got, want, 0x1p-21) << x;
  }
  EXPECT_EQ(FixedPointExp(0), std::numeric_limits<std::int32_t>::max());
  EXPECT_EQ(FixedPointExp(std::numeric_limits<std::int32_t>::min()), 0);
}

TEST(FixedPointMathTest, OneOverOnePlusIsExactToTheTwentyEighthBit) {
  for (std::int64_t x = 0; x < std::int64_t{1} << 31; x += 999983) {
    const double want = 1.0 / (1.0 + static_cast<double>(x) * 0x1p-31);
    const double got =
        FixedPointOneOverOnePlus(static_cast<std::int32_t>(x)) * 0x1p-31;
    ASSERT_NEAR(got, want, 0x1p-28) << x;
  }
}

}  // namespace
}  // namespace sotto::runtime
