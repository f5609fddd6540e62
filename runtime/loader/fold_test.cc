#include "runtime/loader/fold.h"

#include <cmath>

#include "gtest/gtest.h"

namespace sotto::runtime {
namespace {

TEST(FoldTest, HalvesConvertExactly) {
  EXPECT_EQ(HalfToFloat(0x3c00), 1.0f);
  EXPECT_EQ(HalfToFloat(0xc000), -2.0f);
  EXPECT_EQ(HalfToFloat(0x0001), std::ldexp(1.0f, -24));
  EXPECT_EQ(HalfToFloat(0x7bff), 65504.0f);
  EXPECT_TRUE(std::isinf(HalfToFloat(0x7c00)));
  EXPECT_TRUE(std::isnan(HalfToFloat(0x7c01)));
}

TEST(FoldTest, EachSliceIsScaledByItsOwnScale) {
  const Bytes data = {1, 2, 0xff, 4};
  TensorInfo tensor;
  tensor.type = ElementType::kInt8;
  tensor.shape = {2, {2, 2}};
  tensor.data = data;
  tensor.quantization = {
      .scale = {0.5f, 2.0f}, .zero_point = {0, 1}, .dimension = 0};
  EXPECT_EQ(Dequantize(tensor).value(),
            (std::vector<float>{0.5f, 1.0f, -4.0f, 6.0f}));
  tensor.quantization.dimension = 1;
  EXPECT_EQ(Dequantize(tensor).value(),
            (std::vector<float>{0.5f, 2.0f, -0.5f, 6.0f}));
}

}  // namespace
}  // namespace sotto::runtime
