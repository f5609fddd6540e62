#include "runtime/host/real_values.h"

#include <cmath>
#include <limits>
#include <vector>

#include "gtest/gtest.h"

namespace sotto::runtime {
namespace {

TEST(RealValuesTest, QuantizedTensorsRoundClampAndComeBackWithinHalfAStep) {
  const float scale = 0.5f;
  std::vector<std::int8_t> memory(5);
  const Tensor tensor = {
      .type = ElementType::kInt8,
      .shape = {1, {5}},
      .data = memory.data(),
      .quantization = {.scale = &scale, .count = 1, .zero_point = 3}};
  ASSERT_TRUE(HoldsRealValues(tensor));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  WriteRealValues(std::vector<float>{1.2f, -1.0f, 1e9f, -INFINITY, nan},
                  tensor);
  EXPECT_EQ(memory, (std::vector<std::int8_t>{5, 1, 127, -128, 3}));
  std::vector<float> back(5);
  ReadRealValues(tensor, back);
  EXPECT_EQ(back, (std::vector<float>{1.0f, -1.0f, 62.0f, -65.5f, 0.0f}));
}

TEST(RealValuesTest, StringsAndPerChannelTensorsHoldNone) {
  const float scales[] = {1.0f, 2.0f};
  Tensor tensor = {.type = ElementType::kInt8,
                   .shape = {1, {2}},
                   .data = nullptr,
                   .quantization = {.scale = scales, .count = 2}};
  EXPECT_FALSE(HoldsRealValues(tensor));
  tensor.type = ElementType::kString;
  EXPECT_FALSE(HoldsRealValues(tensor));
}

}  // namespace
}  // namespace sotto::runtime
