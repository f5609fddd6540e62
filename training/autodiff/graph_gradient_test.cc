// Every rule against central differences, over small graphs that hold it.

#include "training/autodiff/graph_gradient.h"

#include <cmath>
#include <cstring>

#include "gtest/gtest.h"
#include "runtime/loader/architectures.h"
#include "tests/support/status_matchers.h"

namespace sotto::training {
namespace {

using runtime::Activation;
using runtime::Model;
using runtime::OpCode;
using runtime::Options;
using runtime::Padding;
using runtime::Shape;

// Builds chains of operators with sine weights.
class Chain {
 public:
  explicit Chain(const Shape& input) {
    current_ = Add(input);
    model_.inputs = {current_};
  }
  Chain& Op(OpCode code, std::vector<Shape> weights, const Shape& output,
            const Options& options = {}) {
    runtime::OpInfo op = {.code = code,
                          .version = 1,
                          .inputs = {current_},
                          .outputs = {},
                          .options = options};
    for (const Shape& shape : weights) op.inputs.push_back(Weight(shape));
    current_ = Add(output);
    op.outputs = {current_};
    model_.ops.push_back(op);
    return *this;
  }
  // Adds the current tensor to itself through `code`.
  Chain& Twice(OpCode code, const Shape& output) {
    runtime::OpInfo op = {.code = code,
                          .version = 1,
                          .inputs = {current_, current_},
                          .outputs = {},
                          .options = {}};
    current_ = Add(output);
    op.outputs = {current_};
    model_.ops.push_back(op);
    return *this;
  }
  Model Done() {
    model_.outputs = {current_};
    return model_;
  }

 private:
  std::int32_t Add(const Shape& shape) {
    runtime::TensorInfo info;
    info.shape = shape;
    model_.tensors.push_back(info);
    return static_cast<std::int32_t>(model_.tensors.size()) - 1;
  }
  std::int32_t Weight(const Shape& shape) {
    const std::int32_t index = Add(shape);
    std::vector<float> values(shape.Elements());
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = 0.6f * std::sin(static_cast<float>(i) * 1.3f + phase_);
    }
    phase_ += 0.7f;
    Bytes bytes(values.size() * sizeof(float));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    model_.tensors.back().data = model_.Keep(std::move(bytes));
    return index;
  }

  Model model_;
  std::int32_t current_ = 0;
  float phase_ = 0.3f;
};

void ExpectGradientMatchesDifferences(const Model& model) {
  const std::vector<std::int32_t> labels = {1, 0, 1};
  GraphGradient graph = GraphGradient::Create(model, 3).value();
  std::vector<float> weights = runtime::FlatWeights(model);
  for (std::size_t i = 0; i < graph.input().size(); ++i) {
    graph.input()[i] = std::cos(static_cast<float>(i) * 0.71f);
  }
  const auto loss = [&] {
    graph.SetWeights(weights);
    return graph.Forward(labels).loss_sum / 3;
  };
  loss();
  const auto view = graph.Backward(labels);
  const std::vector<float> gradient(view.begin(), view.end());
  double norm = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const float old = weights[i];
    constexpr float kStep = 5e-4f;
    weights[i] = old + kStep;
    const double high = loss();
    weights[i] = old - kStep;
    const double low = loss();
    weights[i] = old;
    const double difference = (high - low) / (2 * double{kStep});
    EXPECT_NEAR(gradient[i], difference, 2e-3 + 0.02 * std::fabs(difference))
        << "weight " << i;
    norm += gradient[i] * gradient[i];
  }
  EXPECT_GT(norm, 1e-6);  // an all-zero gradient would prove nothing
}

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

}  // namespace
}  // namespace sotto::training
