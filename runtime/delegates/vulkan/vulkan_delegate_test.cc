#include "runtime/delegates/vulkan/vulkan_delegate.h"

#include <algorithm>
#include <cmath>
#include <thread>

#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/host/interpreter.h"
#include "runtime/loader/architectures.h"
#include "runtime/loader/model_file.h"
#include "tests/support/graph_builder.h"
#include "tests/support/shared_data.h"
#include "tests/support/status_matchers.h"

namespace sotto::runtime {
namespace {

using ::testing::HasSubstr;
using Library = std::shared_ptr<DelegateLibrary>;

constexpr ElementType kF32 = ElementType::kFloat32;
constexpr double kF32Tolerance = 1e-5, kF16Tolerance = 2e-3;

// Declares `name`, or skips the test where there is no device.
#define VULKAN_OR_SKIP(name, options)                                     \
  const absl::StatusOr<Library> name##_or =                               \
      DelegateLibrary::Create(SottoVulkanDelegate(), options);            \
  if (!name##_or.ok()) GTEST_SKIP() << "skipped: " << name##_or.status(); \
  const Library name = *name##_or

// In [-1, 1], without a pattern: sums do not cancel more than by chance.
std::vector<float> Noise(std::size_t count, std::uint32_t seed) {
  std::vector<float> values(count);
  std::uint32_t state = seed * 2654435761u + 1;
  for (float& value : values) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(state >> 8) / 8388608.0f - 1.0f;
  }
  return values;
}

void FillInputs(Interpreter& runner, std::uint32_t seed = 1) {
  for (std::size_t i = 0; i < runner.num_inputs(); ++i) {
    std::ranges::copy(Noise(runner.input(i).size(), seed++),
                      runner.input(i).begin());
  }
}

// Largest difference of all outputs from the CPU's, as a part of the scale.
double Difference(const Interpreter& own, const Interpreter& delegated) {
  double difference = 0;
  for (std::size_t i = 0; i < own.num_outputs(); ++i) {
    double scale = 1e-30, largest = 0;
    EXPECT_EQ(own.output(i).size(), delegated.output(i).size());
    for (std::size_t k = 0; k < own.output(i).size(); ++k) {
      const double expected = own.output(i)[k];
      scale = std::max(scale, std::abs(expected));
      const double error = std::abs(expected - delegated.output(i)[k]);
      if (!(error <= largest)) largest = error;  // a NaN stays
    }
    difference = std::max(difference, largest / scale);
    if (std::isnan(largest)) return largest;
  }
  return difference;
}

void ExpectSame(const Model& model, const Library& library, double tolerance,
                bool whole = true) {
  Interpreter own = Interpreter::Create(model, {}).value();
  Interpreter delegated =
      Interpreter::Create(model, {.delegates = {library}}).value();
  if (whole) {
    for (const DelegateDecision& decision : delegated.decisions()) {
      EXPECT_EQ(decision.delegate, "vulkan") << decision.reason;
    }
  }
  FillInputs(own);
  FillInputs(delegated);
  ASSERT_THAT(own.Invoke(), IsOk());
  ASSERT_THAT(delegated.Invoke(), IsOk());
  EXPECT_LE(Difference(own, delegated), tolerance);
}

// One operator over f32 inputs and constants.
struct OneOp {
  OpCode code;
  std::vector<Shape> inputs;
  Options options = {};
  std::vector<Shape> weights = {};      // f32 constants after the inputs
  std::vector<std::int32_t> ints = {};  // an int32 constant at the end
};

Model ModelOf(const OneOp& one) {
  GraphBuilder g;
  std::vector<std::int32_t> inputs;
  for (const Shape& shape : one.inputs) inputs.push_back(g.Input(kF32, shape));
  for (const Shape& shape : one.weights) {
    inputs.push_back(g.Floats(shape, Noise(shape.Elements(), 77)));
  }
  if (!one.ints.empty()) {
    // Pairs of paddings have two columns; lists of axes or sizes one dimension.
    const auto count = static_cast<std::int32_t>(one.ints.size());
    inputs.push_back(
        one.code == OpCode::kPad
            ? g.Constant(ElementType::kInt32, {2, {count / 2, 2}}, one.ints)
            : g.Ints(one.ints));
  }
  const auto y = g.Op(one.code, inputs, kF32, one.options);
  return std::move(g).Finish({y});
}

void ExpectOps(const std::vector<OneOp>& ops) {
  VULKAN_OR_SKIP(single, "");
  const absl::StatusOr<Library> half =
      DelegateLibrary::Create(SottoVulkanDelegate(), "precision=f16");
  for (std::size_t i = 0; i < ops.size(); ++i) {
    SCOPED_TRACE(absl::StrFormat("case %d", i));
    const Model model = ModelOf(ops[i]);
    ExpectSame(model, single, kF32Tolerance);
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

TEST(VulkanDelegateTest, ConvolutionsOfAnyWindowMatch) {
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

TEST(VulkanDelegateTest, AddTakesTwoImagesOrAChannelVector) {
  Options relu;
  relu.activation = Activation::kRelu;
  ExpectOps({{OpCode::kAdd, {{4, {2, 3, 5, 7}}, {4, {2, 3, 5, 7}}}},
             {OpCode::kAdd, {{4, {2, 3, 5, 7}}}, relu, {{1, {7}}}},
             {OpCode::kAdd, {{4, {1, 1, 1, 7}}, {4, {2, 3, 5, 7}}}, relu},
             {OpCode::kAdd, {{2, {3, 70}}}, {}, {{1, {1}}}}});
}

TEST(VulkanDelegateTest, ArithmeticOfTwoOperandsMatches) {
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

TEST(VulkanDelegateTest, DepthwiseConvolutionsOfAnyMultiplierMatch) {
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

TEST(VulkanDelegateTest, FullyConnectedLayersMatchForFewAndManyRows) {
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

TEST(VulkanDelegateTest, PoolsCountOnlyWhatLiesInside) {
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

TEST(VulkanDelegateTest, MeansOverNeighbouringAxesMatch) {
  Options keep;
  keep.keep_dims = true;
  const Shape image = {4, {2, 7, 5, 12}};
  ExpectOps({{OpCode::kMean, {image}, keep, {}, {1, 2}},
             {OpCode::kMean, {image}, {}, {}, {2, 1}},
             {OpCode::kMean, {image}, {}, {}, {-1}},
             {OpCode::kMean, {{3, {4, 9, 3}}}, keep, {}, {0, 1}}});
}

TEST(VulkanDelegateTest, FunctionsOfOneElementMatch) {
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

TEST(VulkanDelegateTest, LargeArgumentsSaturate) {
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

TEST(VulkanDelegateTest, SoftmaxMatchesForShortAndLongRows) {
  std::vector<OneOp> ops;
  for (const std::int32_t width : {1, 2, 63, 64, 65, 1001}) {
    Options options;
    options.beta = width == 63 ? 2.5f : 1.0f;
    ops.push_back({OpCode::kSoftmax, {{2, {3, width}}}, options});
  }
  ExpectOps(ops);
}

TEST(VulkanDelegateTest, MovingElementsIsExact) {
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

TEST(VulkanDelegateTest, WhatItHasNotStaysOnTheCpuWithTheReason) {
  VULKAN_OR_SKIP(library, "");
  GraphBuilder g;
  const auto x = g.Input(kF32, {2, {2, 8}});
  const auto a = g.Op(OpCode::kRelu, {x}, kF32);
  const auto b = g.Op(OpCode::kFloor, {a}, kF32);
  const auto c = g.Op(OpCode::kAdd, {b, a}, kF32);
  // A broadcast in the middle.
  const auto d = g.Op(OpCode::kAdd, {c, g.Floats({2, {2, 1}}, {1, 2})}, kF32);
  const Model model = std::move(g).Finish({d});
  ExpectSame(model, library, kF32Tolerance, false);
  const Interpreter runner =
      Interpreter::Create(model, {.delegates = {library}}).value();
  const auto& decisions = runner.decisions();
  ASSERT_EQ(decisions.size(), 4u);
  EXPECT_EQ(decisions[0].delegate, "vulkan");
  EXPECT_EQ(decisions[1].delegate, "");
  EXPECT_EQ(decisions[1].reason, "vulkan: there is no shader for it");
  EXPECT_EQ(decisions[2].delegate, "vulkan");
  EXPECT_EQ(decisions[3].delegate, "");
  EXPECT_THAT(decisions[3].reason, HasSubstr("broadcast"));
}

TEST(VulkanDelegateTest, OtherTypesAreRefused) {
  VULKAN_OR_SKIP(library, "");
  GraphBuilder g;
  const auto x = g.Input(ElementType::kInt32, {1, {4}});
  const auto y = g.Op(OpCode::kAdd, {x, x}, ElementType::kInt32);
  const Model model = std::move(g).Finish({y});
  const Interpreter runner =
      Interpreter::Create(model, {.delegates = {library}}).value();
  EXPECT_EQ(runner.decisions()[0].reason, "vulkan: only f32");
}

TEST(VulkanDelegateTest, AReshapeAloneCopies) {
  VULKAN_OR_SKIP(library, "");
  GraphBuilder g;
  const auto x = g.Input(kF32, {2, {2, 8}});
  const auto a = g.Op(OpCode::kReshape, {x, g.Ints({16})}, kF32);
  const auto b = g.Op(OpCode::kReshape, {a, g.Ints({4, 4})}, kF32);
  const Model model = std::move(g).Finish({a, b});
  ExpectSame(model, library, 0);
}

TEST(VulkanDelegateTest, ASmallPartIsLeftToTheCpuByCost) {
  VULKAN_OR_SKIP(library, "");
  const Model model = ModelOf({OpCode::kRelu, {{2, {1, 8}}}});
  const Interpreter runner =
      Interpreter::Create(model,
                          {.delegates = {library}, .delegates_by_cost = true})
          .value();
  EXPECT_EQ(runner.decisions()[0].delegate, "");
  EXPECT_THAT(runner.decisions()[0].reason, HasSubstr("estimated"));
}

TEST(VulkanDelegateTest, UnknownOptionsAreRefusedByName) {
  for (const char* const options :
       {"speed=11", "precision=f8", "device=-1", "device=x", "device"}) {
    const auto library =
        DelegateLibrary::Create(SottoVulkanDelegate(), options);
    EXPECT_EQ(library.status().code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(library.status().message(), HasSubstr(options));
  }
}

TEST(VulkanDelegateTest, ADeviceThatIsNotThereIsRefused) {
  VULKAN_OR_SKIP(library, "device=0 precision=f32");
  const auto missing =
      DelegateLibrary::Create(SottoVulkanDelegate(), "device=1000");
  EXPECT_THAT(missing.status().message(), HasSubstr("device 1000"));
}

TEST(VulkanDelegateTest, AConvolutionalNetworkIsOnePartAndRunsAgainAndAgain) {
  VULKAN_OR_SKIP(library, "");
  const Model model = MakeArchitecture({.name = "cnn"}).value();
  Interpreter own = Interpreter::Create(model, {}).value();
  Interpreter delegated =
      Interpreter::Create(model, {.delegates = {library}}).value();
  ASSERT_EQ(delegated.nodes().size(), 1u);
  for (std::uint32_t round = 0; round < 5; ++round) {
    FillInputs(own, round);
    FillInputs(delegated, round);
    ASSERT_THAT(own.Invoke(), IsOk());
    ASSERT_THAT(delegated.Invoke(), IsOk());
    EXPECT_LE(Difference(own, delegated), kF32Tolerance);
  }
  // Another batch is another part.
  const Shape larger = {4, {3, 8, 8, 1}};
  ASSERT_THAT(own.ResizeInputs({&larger, 1}), IsOk());
  ASSERT_THAT(delegated.ResizeInputs({&larger, 1}), IsOk());
  FillInputs(own);
  FillInputs(delegated);
  ASSERT_THAT(own.Invoke(), IsOk());
  ASSERT_THAT(delegated.Invoke(), IsOk());
  EXPECT_LE(Difference(own, delegated), kF32Tolerance);
}

TEST(VulkanDelegateTest, ThreadsMayShareTheDevice) {
  VULKAN_OR_SKIP(library, "");
  const Model model = MakeArchitecture({.name = "cnn"}).value();
  Interpreter own = Interpreter::Create(model, {}).value();
  FillInputs(own);
  ASSERT_THAT(own.Invoke(), IsOk());
  std::vector<double> differences(2, 1.0);
  std::vector<std::thread> threads;
  for (double& difference : differences) {
    threads.emplace_back([&] {
      Interpreter delegated =
          Interpreter::Create(model, {.delegates = {library}}).value();
      double largest = 0;
      for (int round = 0; round < 20; ++round) {
        FillInputs(delegated);
        if (!delegated.Invoke().ok()) return;
        largest = std::max(largest, Difference(own, delegated));
      }
      difference = largest;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(differences, ::testing::Each(::testing::Le(kF32Tolerance)));
}

class VulkanNetworkTest : public ::testing::TestWithParam<const char*> {};

TEST_P(VulkanNetworkTest, MatchesTheCpuAsAWhole) {
  SOTTO_SHARED_DATA_OR_SKIP(path, std::string("models/") + GetParam());
  const Model model = LoadModel(path, {}).value();
  VULKAN_OR_SKIP(single, "");
  ExpectSame(model, single, kF32Tolerance);
  const auto half =
      DelegateLibrary::Create(SottoVulkanDelegate(), "precision=f16");
  // Rounded at every layer, and again through the exponential of the softmax.
  if (half.ok()) ExpectSame(model, *half, 25 * kF16Tolerance);
}

INSTANTIATE_TEST_SUITE_P(
    Shared, VulkanNetworkTest,
    ::testing::Values("resnet8_f32.tflite", "mobilenet_v1_025_224_f32.tflite",
                      "kws_f32.tflite", "mnist_cnn_f32.tflite",
                      "vww_f32.tflite", "toycar_f32.tflite"));

}  // namespace
}  // namespace sotto::runtime
