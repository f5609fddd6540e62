// Every operator against the CPU, in both precisions, with and without staging.

#include "absl/strings/str_format.h"
#include "runtime/delegates/vulkan/vulkan_test_support.h"

namespace sotto::runtime {
namespace {

void ExpectOps(const std::vector<OneOp>& ops) {
  VULKAN_OR_SKIP(single, "");
  VULKAN_OR_SKIP(staged, "memory=staged");
  const absl::StatusOr<Library> half =
      DelegateLibrary::Create(SottoVulkanDelegate(), "precision=f16");
  for (std::size_t i = 0; i < ops.size(); ++i) {
    SCOPED_TRACE(absl::StrFormat("case %d", i));
    const Model model = ModelOf(ops[i]);
    ExpectSame(model, single, kF32Tolerance);
    ExpectSame(model, staged, kF32Tolerance);
    if (half.ok()) ExpectSame(model, *half, kF16Tolerance);
  }
}

Options Window(std::int32_t stride, std::int32_t dilation, Padding padding,
               Activation activation = Activation::kNone) {
  Options options;
  options.stride_h = options.stride_w = stride;
  options.dilation_h = options.dilation_w = dilation;
  options.padding = padding;
  options.activation = activation;
  return options;
}

Options Pool(std::int32_t size, std::int32_t stride, Padding padding) {
  Options options = Window(stride, 1, padding);
  options.filter_h = options.filter_w = size;
  return options;
}

TEST(VulkanOperatorTest, ConvolutionsOfAnyWindowMatch) {
  std::vector<OneOp> ops;
  for (const std::int32_t channels : {1, 3, 4, 8}) {
    for (const std::int32_t outputs : {1, 4, 7, 16}) {
      for (const std::int32_t filter : {1, 3}) {
        const Padding padding =
            outputs % 2 == 0 ? Padding::kSame : Padding::kValid;
        const Options options =
            Window(1 + channels % 2, filter == 3 ? 1 + outputs % 3 : 1, padding,
                   outputs == 7 ? Activation::kRelu6 : Activation::kNone);
        ops.push_back(
            {OpCode::kConv2D,
             {{4, {2, 9, 11, channels}}},
             options,
             {{4, {outputs, filter, filter, channels}}, {1, {outputs}}}});
      }
    }
  }
  // Wide enough for several pixels an invocation, and no bias.
  ops.push_back({OpCode::kConv2D,
                 {{4, {1, 31, 33, 8}}},
                 Window(1, 1, Padding::kSame, Activation::kRelu),
                 {{4, {20, 3, 3, 8}}}});
  ExpectOps(ops);
}

TEST(VulkanOperatorTest, AddTakesTwoImagesOrAChannelVector) {
  Options relu;
  relu.activation = Activation::kRelu;
  ExpectOps({{OpCode::kAdd, {{4, {2, 3, 5, 7}}, {4, {2, 3, 5, 7}}}},
             {OpCode::kAdd, {{4, {2, 3, 5, 7}}}, relu, {{1, {7}}}},
             {OpCode::kAdd, {{4, {1, 1, 1, 7}}, {4, {2, 3, 5, 7}}}, relu},
             {OpCode::kAdd, {{2, {3, 70}}}, {}, {{1, {1}}}}});
}

TEST(VulkanOperatorTest, ArithmeticOfTwoOperandsMatches) {
  std::vector<OneOp> ops;
  for (const OpCode code : {OpCode::kSub, OpCode::kMul, OpCode::kMaximum,
                            OpCode::kMinimum, OpCode::kPrelu}) {
    ops.push_back({code, {{4, {1, 5, 5, 6}}}, {}, {{3, {1, 1, 6}}}});
  }
  Options clamp;
  clamp.activation = Activation::kReluN1To1;
  ops.push_back({OpCode::kMul, {{2, {9, 9}}, {2, {9, 9}}}, clamp});
  // One divisor for all.
  ops.push_back({OpCode::kDiv, {{2, {9, 9}}}, {}, {{1, {1}}}});
  ExpectOps(ops);
}

TEST(VulkanOperatorTest, DepthwiseConvolutionsOfAnyMultiplierMatch) {
  std::vector<OneOp> ops;
  for (const std::int32_t channels : {1, 3, 8}) {
    for (const std::int32_t multiplier : {1, 2, 3}) {
      Options options = Window(1 + multiplier % 2, 1 + channels % 2,
                               Padding::kSame, Activation::kRelu);
      options.depth_multiplier = multiplier;
      ops.push_back({OpCode::kDepthwiseConv2D,
                     {{4, {2, 13, 10, channels}}},
                     options,
                     {{4, {1, 3, 3, channels * multiplier}},
                      {1, {channels * multiplier}}}});
    }
  }
  ops.push_back({OpCode::kDepthwiseConv2D,
                 {{4, {1, 40, 41, 16}}},
                 Window(1, 1, Padding::kValid),
                 {{4, {1, 5, 2, 16}}}});
  ExpectOps(ops);
}

TEST(VulkanOperatorTest, FullyConnectedLayersMatchForFewAndManyRows) {
  std::vector<OneOp> ops;
  for (const std::int32_t rows : {1, 3, 15, 16, 40}) {
    for (const std::int32_t depth : {1, 64, 65, 130}) {
      Options options;
      if (rows == 3) options.activation = Activation::kRelu;
      ops.push_back({OpCode::kFullyConnected,
                     {{2, {rows, depth}}},
                     options,
                     {{2, {10, depth}}, {1, {10}}}});
    }
  }
  ExpectOps(ops);
}

TEST(VulkanOperatorTest, PoolsCountOnlyWhatLiesInside) {
  std::vector<OneOp> ops;
  for (const OpCode code : {OpCode::kAveragePool2D, OpCode::kMaxPool2D}) {
    for (const std::int32_t channels : {3, 8}) {
      const Shape image = {4, {2, 9, 8, channels}};
      ops.push_back({code, {image}, Pool(3, 2, Padding::kSame)});
      ops.push_back({code, {image}, Pool(2, 1, Padding::kValid)});
    }
  }
  ExpectOps(ops);
}

TEST(VulkanOperatorTest, MeansOverNeighbouringAxesMatch) {
  Options keep;
  keep.keep_dims = true;
  const Shape image = {4, {2, 7, 5, 12}};
  ExpectOps({{OpCode::kMean, {image}, keep, {}, {1, 2}},
             {OpCode::kMean, {image}, {}, {}, {2, 1}},
             {OpCode::kMean, {image}, {}, {}, {-1}},
             {OpCode::kMean, {{3, {4, 9, 3}}}, keep, {}, {0, 1}}});
}

TEST(VulkanOperatorTest, FunctionsOfOneElementMatch) {
  std::vector<OneOp> ops;
  for (const OpCode code :
       {OpCode::kRelu, OpCode::kRelu6, OpCode::kReluN1To1, OpCode::kLogistic,
        OpCode::kTanh, OpCode::kHardSwish, OpCode::kAbs}) {
    ops.push_back({code, {{3, {3, 5, 43}}}});
  }
  Options leaky;
  leaky.alpha = 0.2f;
  ops.push_back({OpCode::kLeakyRelu, {{1, {65}}}, leaky});
  ExpectOps(ops);
}

TEST(VulkanOperatorTest, LargeArgumentsSaturate) {
  VULKAN_OR_SKIP(library, "");
  for (const OpCode code :
       {OpCode::kLogistic, OpCode::kTanh, OpCode::kSoftmax}) {
    const Model model = ModelOf({code, {{2, {1, 6}}}});
    Interpreter runner =
        Interpreter::Create(model, {.delegates = {library}}).value();
    std::ranges::copy(std::vector<float>{-1e30f, -500, -90, 90, 500, 1e30f},
                      runner.input().begin());
    ASSERT_THAT(runner.Invoke(), IsOk());
    EXPECT_EQ(runner.output()[5], 1.0f);
    EXPECT_NEAR(runner.output()[0], code == OpCode::kTanh ? -1.0f : 0.0f, 1e-6);
    for (const float y : runner.output()) EXPECT_FALSE(std::isnan(y));
  }
}

TEST(VulkanOperatorTest, SoftmaxMatchesForShortAndLongRows) {
  std::vector<OneOp> ops;
  for (const std::int32_t width : {1, 2, 63, 64, 65, 1001}) {
    Options options;
    options.beta = width == 63 ? 2.5f : 1.0f;
    ops.push_back({OpCode::kSoftmax, {{2, {3, width}}}, options});
  }
  ExpectOps(ops);
}

TEST(VulkanOperatorTest, MovingElementsIsExact) {
  Options last;
  last.axis = -1;
  Options rows;
  rows.axis = 1;
  ExpectOps(
      {{OpCode::kReshape, {{2, {6, 7}}}, {}, {}, {3, 14}},
       {OpCode::kConcatenation,
        {{4, {2, 3, 4, 5}}, {4, {2, 3, 4, 1}}, {4, {2, 3, 4, 8}}},
        last},
       {OpCode::kConcatenation, {{4, {2, 3, 4, 5}}, {4, {2, 1, 4, 5}}}, rows},
       {OpCode::kPad, {{2, {3, 4}}}, {}, {}, {1, 2, 0, 3}},
       {OpCode::kPad, {{4, {2, 3, 4, 5}}}, {}, {}, {0, 0, 1, 1, 2, 0, 0, 1}}});
}

}  // namespace
}  // namespace sotto::runtime
