// Quantised reductions against the real values that the integers stand for.

#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/kernels/nn/requantize.h"
#include "tests/support/kernel_runner.h"

namespace sotto::runtime {

extern const Kernel kMeanQuantizedReference, kReduceProdQuantizedReference,
    kSumQuantizedReference;

namespace {

constexpr float kXScale = 0.05f, kYScale = 0.031f;

// Rows of `columns` values that fold along the second axis.
template <typename T>
void CheckRows(const Kernel& kernel, ElementType type, std::int32_t x_zero,
               std::int32_t y_zero, float y_scale, std::int32_t columns,
               bool mean) {
  const QuantizedRange range = RangeOf(type);
  std::vector<T> values(static_cast<std::size_t>(4 * columns));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] =
        static_cast<T>(range.low + static_cast<std::int32_t>(i * 7919 % 251));
  }
  for (const bool constant : {false, true}) {
    TestTensor x = TestTensor::Of<T>(type, {2, {4, columns}}, values);
    x.Quantize({kXScale}, x_zero);
    TestTensor axes = TestTensor::Ints({1, {1}}, {-1}, constant), y;
    y.tensor.type = type;
    y.Quantize({y_scale}, y_zero);
    KernelRunner run(kernel);
    ASSERT_EQ(run({&x, &axes}, {&y}), StatusCode::kOk) << run.reason();
    ASSERT_EQ(y.tensor.shape, (Shape{1, {4}}));
    for (std::size_t r = 0; r < 4; ++r) {
      double sum = 0;
      for (std::size_t i = 0; i < static_cast<std::size_t>(columns); ++i) {
        sum += values[r * static_cast<std::size_t>(columns) + i] - x_zero;
      }
      const double real = sum * kXScale / (mean ? columns : 1);
      const double stored = std::clamp<double>(
          std::round(real / y_scale) + y_zero, range.low, range.high);
      EXPECT_NEAR(y.values<T>()[r], stored, 1.0) << columns;
    }
  }
}

TEST(ReduceQuantizedTest, MeansAndSumsTakeTheOutputsScale) {
  for (const std::int32_t columns : {1, 2, 3, 7, 49, 1000}) {
    const float sum_scale = kYScale * static_cast<float>(columns);
    CheckRows<std::int8_t>(kMeanQuantizedReference, ElementType::kInt8, -3, 5,
                           kYScale, columns, true);
    CheckRows<std::uint8_t>(kMeanQuantizedReference, ElementType::kUint8, 128,
                            3, kYScale, columns, true);
    CheckRows<std::int16_t>(kMeanQuantizedReference, ElementType::kInt16, 0, 0,
                            kYScale, columns, true);
    CheckRows<std::int8_t>(kSumQuantizedReference, ElementType::kInt8, -3, 5,
                           sum_scale, columns, false);
    CheckRows<std::uint8_t>(kSumQuantizedReference, ElementType::kUint8, 128, 3,
                            sum_scale, columns, false);
    CheckRows<std::int16_t>(kSumQuantizedReference, ElementType::kInt16, 0, 0,
                            sum_scale, columns, false);
  }
}

TEST(ReduceQuantizedTest, AProductIsInTheOutputsScale) {
  TestTensor x = TestTensor::Of<std::int8_t>(ElementType::kInt8, {2, {2, 3}},
                                             {40, -24, 17, 100, 3, 3});
  x.Quantize({0.1f}, 3);
  TestTensor axes = TestTensor::Ints({1, {1}}, {1}), y;
  y.tensor.type = ElementType::kInt8;
  y.Quantize({0.2f}, -4);
  KernelRunner run(kReduceProdQuantizedReference);
  ASSERT_EQ(run({&x, &axes}, {&y}), StatusCode::kOk) << run.reason();
  const double expected = 3.7 * -2.7 * 1.4 / 0.2 - 4;
  EXPECT_NEAR(y.values<std::int8_t>()[0], expected, 1.0);
  EXPECT_EQ(y.values<std::int8_t>()[1], -4);  // one factor is 0
}

TEST(ReduceQuantizedTest, MissingScalesAndInt16ZeroPointsAreRefused) {
  TestTensor axes = TestTensor::Ints({1, {1}}, {0}), y;
  TestTensor x =
      TestTensor::Of<std::int8_t>(ElementType::kInt8, {1, {2}}, {1, 2});
  y.tensor.type = ElementType::kInt8;
  KernelRunner run(kMeanQuantizedReference);
  y.Quantize({0.1f});
  EXPECT_EQ(run({&x, &axes}, {&y}), StatusCode::kInvalidArgument);
  x.Quantize({0.0f});
  EXPECT_EQ(run({&x, &axes}, {&y}), StatusCode::kInvalidArgument);
  x.Quantize({0.1f});
  EXPECT_EQ(run({&x, &axes}, {&y}), StatusCode::kOk);
  TestTensor wide =
      TestTensor::Of<std::int16_t>(ElementType::kInt16, {1, {2}}, {1, 2});
  wide.Quantize({0.1f}, 1);
  y.tensor.type = ElementType::kInt16;
  EXPECT_EQ(run({&wide, &axes}, {&y}), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sotto::runtime
