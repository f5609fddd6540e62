// Every rule against central differences, over small graphs that hold it.

#include "training/autodiff/graph_gradient.h"

#include "gtest/gtest.h"
#include "runtime/loader/architectures.h"
#include "tests/support/status_matchers.h"
#include "training/autodiff/gradient_check.h"

namespace sotto::training {
namespace {

using runtime::Activation;
using runtime::Model;
using runtime::OpCode;
using runtime::Options;
using runtime::Padding;
using runtime::Shape;

constexpr Shape kImage = {4, {1, 4, 4, 2}};
const std::vector<Shape> kDense(std::int32_t depth) {
  return {{2, {2, depth}}, {1, {2}}};
}

TEST(GraphGradientTest, FullyConnectedWithEachActivation) {
  for (const Activation a : {Activation::kNone, Activation::kRelu,
                             Activation::kRelu6, Activation::kReluN1To1}) {
    ExpectGradientMatchesDifferences(
        Chain({2, {1, 5}})
            .Op(OpCode::kFullyConnected, {{2, {4, 5}}, {1, {4}}}, {2, {1, 4}},
                {.activation = a})
            .Op(OpCode::kFullyConnected, kDense(4), {2, {1, 2}})
            .Done());
  }
}

TEST(GraphGradientTest, ConvolutionsWithStrideAndDilation) {
  for (const auto& options :
       {Options{.padding = Padding::kSame},
        Options{.padding = Padding::kSame, .stride_w = 2, .stride_h = 2},
        Options{
            .padding = Padding::kValid, .dilation_w = 1, .dilation_h = 1}}) {
    const std::int32_t side = options.padding == Padding::kValid ? 2
                              : options.stride_w == 2            ? 2
                                                                 : 4;
    const std::int32_t depth = side * side * 3;
    ExpectGradientMatchesDifferences(
        Chain(kImage)
            .Op(OpCode::kConv2D, {{4, {3, 3, 3, 2}}, {1, {3}}},
                {4, {1, side, side, 3}}, options)
            .Op(OpCode::kFullyConnected, kDense(depth), {2, {1, 2}})
            .Done());
    const std::int32_t wide = side * side * 4;
    ExpectGradientMatchesDifferences(
        Chain(kImage)
            .Op(OpCode::kConv2D, {{4, {2, 1, 1, 2}}, {1, {2}}}, kImage)
            .Op(OpCode::kDepthwiseConv2D, {{4, {1, 3, 3, 4}}, {1, {4}}},
                {4, {1, side, side, 4}}, options)
            .Op(OpCode::kFullyConnected, kDense(wide), {2, {1, 2}})
            .Done());
  }
}

TEST(GraphGradientTest, PoolsAndReshapes) {
  const Options pool = {.padding = Padding::kValid,
                        .stride_w = 2,
                        .stride_h = 2,
                        .filter_w = 2,
                        .filter_h = 2};
  Options flat;
  flat.has_new_shape = true;
  flat.new_shape = {2, {-1, 12}};
  for (const OpCode code : {OpCode::kMaxPool2D, OpCode::kAveragePool2D}) {
    SCOPED_TRACE(runtime::OpName(code));
    ExpectGradientMatchesDifferences(
        Chain(kImage)
            .Op(OpCode::kConv2D, {{4, {3, 3, 3, 2}}, {1, {3}}},
                {4, {1, 4, 4, 3}})
            .Op(code, {}, {4, {1, 2, 2, 3}}, pool)
            .Op(OpCode::kReshape, {}, {2, {1, 12}}, flat)
            .Op(OpCode::kFullyConnected, kDense(12), {2, {1, 2}})
            .Done());
  }
}

TEST(GraphGradientTest, ElementwiseOperators) {
  for (const OpCode code : {OpCode::kRelu, OpCode::kRelu6, OpCode::kReluN1To1,
                            OpCode::kTanh, OpCode::kLogistic}) {
    ExpectGradientMatchesDifferences(
        Chain({2, {1, 5}})
            .Op(OpCode::kFullyConnected, {{2, {4, 5}}, {1, {4}}}, {2, {1, 4}})
            .Op(code, {}, {2, {1, 4}})
            .Op(OpCode::kFullyConnected, kDense(4), {2, {1, 2}})
            .Done());
  }
  for (const OpCode code : {OpCode::kAdd, OpCode::kSub, OpCode::kMul}) {
    ExpectGradientMatchesDifferences(
        Chain({2, {1, 5}})
            .Op(OpCode::kFullyConnected, {{2, {4, 5}}, {1, {4}}}, {2, {1, 4}})
            .Op(code, {{1, {4}}}, {2, {1, 4}})
            .Op(OpCode::kFullyConnected, kDense(4), {2, {1, 2}})
            .Done());
  }
}

TEST(GraphGradientTest, ATensorThatIsReadTwiceGetsBothGradients) {
  ExpectGradientMatchesDifferences(
      Chain({2, {1, 5}})
          .Op(OpCode::kFullyConnected, {{2, {4, 5}}, {1, {4}}}, {2, {1, 4}})
          .Twice(OpCode::kMul, {2, {1, 4}})
          .Op(OpCode::kFullyConnected, kDense(4), {2, {1, 2}})
          .Done());
}

TEST(GraphGradientTest, ATrailingSoftmaxIsFusedAndAnInnerOneDifferentiated) {
  ExpectGradientMatchesDifferences(
      Chain({2, {1, 5}})
          .Op(OpCode::kFullyConnected, kDense(5), {2, {1, 2}})
          .Op(OpCode::kSoftmax, {}, {2, {1, 2}})
          .Done());
  ExpectGradientMatchesDifferences(
      Chain({2, {1, 5}})
          .Op(OpCode::kFullyConnected, {{2, {4, 5}}, {1, {4}}}, {2, {1, 4}})
          .Op(OpCode::kSoftmax, {}, {2, {1, 4}})
          .Op(OpCode::kFullyConnected, kDense(4), {2, {1, 2}})
          .Done());
}

TEST(GraphGradientTest, GraphsOfAnotherFormAreRefused) {
  Model model = runtime::MakeArchitecture({.name = "mlp"}).value();
  model.outputs.push_back(model.outputs[0]);
  EXPECT_THAT(GraphGradient::Create(model, 1),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(GraphGradientTest, AnOperatorWithoutAGradientIsRefusedByName) {
  const Model model =
      Chain({2, {1, 5}})
          .Op(OpCode::kFullyConnected, {{2, {4, 5}}, {1, {4}}}, {2, {1, 4}})
          .Op(OpCode::kDequantize, {}, {2, {1, 4}})
          .Op(OpCode::kFullyConnected, kDense(4), {2, {1, 2}})
          .Done();
  EXPECT_THAT(GraphGradient::Create(model, 1).status(),
              StatusIs(absl::StatusCode::kUnimplemented,
                       "operator 1 DEQUANTIZE has no gradient"));
}

}  // namespace
}  // namespace sotto::training
