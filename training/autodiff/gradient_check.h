// For tests: small graphs, and their gradients against central differences.

#ifndef SOTTO_TRAINING_AUTODIFF_GRADIENT_CHECK_H_
#define SOTTO_TRAINING_AUTODIFF_GRADIENT_CHECK_H_

#include <cmath>
#include <cstring>
#include <vector>

#include "gtest/gtest.h"
#include "training/autodiff/graph_gradient.h"

namespace sotto::training {

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
  // `code` of the current tensor and of weights with these shapes.
  Chain& Op(OpCode code, const std::vector<Shape>& weights, const Shape& output,
            const Options& options = {}) {
    std::vector<std::int32_t> inputs = {current_};
    for (const Shape& shape : weights) inputs.push_back(Weight(shape));
    return Join(code, std::move(inputs), output, options);
  }
  // An operator with a constant int32 second input.
  Chain& Indexed(OpCode code, const Shape& indices,
                 const std::vector<std::int32_t>& values, const Shape& output,
                 const Options& options = {}) {
    Bytes bytes(values.size() * sizeof(std::int32_t));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    const std::int32_t constant = Add(indices);
    model_.tensors.back().type = runtime::ElementType::kInt32;
    model_.tensors.back().data = model_.Keep(std::move(bytes));
    return Join(code, {current_, constant}, output, options);
  }
  // An operator over tensors that tensor() gave.
  Chain& Join(OpCode code, std::vector<std::int32_t> inputs,
              const Shape& output, const Options& options = {}) {
    runtime::OpInfo op = {.code = code,
                          .version = 1,
                          .inputs = std::move(inputs),
                          .outputs = {},
                          .options = options};
    current_ = Add(output);
    op.outputs = {current_};
    model_.ops.push_back(op);
    return *this;
  }
  // The output of the last operator.
  std::int32_t tensor() const { return current_; }
  // `code` of the current tensor and itself.
  Chain& Twice(OpCode code, const Shape& output) {
    return Join(code, {current_, current_}, output);
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

inline void ExpectGradientMatchesDifferences(const Model& model) {
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

}  // namespace sotto::training

#endif  // SOTTO_TRAINING_AUTODIFF_GRADIENT_CHECK_H_
