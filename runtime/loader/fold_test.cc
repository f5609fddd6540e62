#include "runtime/loader/fold.h"

#include <cmath>

#include "gtest/gtest.h"
#include "runtime/loader/architectures.h"
#include "runtime/loader/model_file.h"
#include "runtime/loader/model_writer.h"
#include "tests/support/status_matchers.h"

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

// The dynamic-range form: int8 weights straight into FULLY_CONNECTED.
TEST(FoldTest, HybridWeightsBecomeFloats) {
  Model model =
      MakeArchitecture({.name = "mlp", .height = 4, .width = 4}).value();
  const std::int32_t index = model.ops[1].inputs[1];
  TensorInfo& weights = model.tensors[static_cast<std::size_t>(index)];
  weights.type = ElementType::kInt8;
  weights.data = model.Keep(Bytes(weights.shape.Elements(), 0xfe));
  weights.quantization = {.scale = {0.25f}, .zero_point = {1}, .dimension = 0};
  const Model back = ParseModel(WriteModel(model)).value();
  ASSERT_EQ(back.Floats(index).size(), weights.shape.Elements());
  for (const float value : back.Floats(index)) EXPECT_EQ(value, -0.75f);

  model.tensors[static_cast<std::size_t>(index)].quantization = {};
  EXPECT_THAT(ParseModel(WriteModel(model)),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace sotto::runtime
