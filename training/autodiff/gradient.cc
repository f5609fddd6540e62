#include "training/autodiff/gradient.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "runtime/kernels/activation.h"
#include "training/autodiff/rules.h"

namespace sotto::training {

void DropClamped(const GradientContext& context) {
  const runtime::ClampRange range =
      runtime::RangeOf(context.op.options.activation);
  if (context.op.options.activation == runtime::Activation::kNone) return;
  const float* y = context.op.outputs[0]->floats();
  for (std::size_t i = 0; i < context.output_gradient.size(); ++i) {
    if (y[i] <= range.low || y[i] >= range.high) {
      context.output_gradient[i] = 0.0f;
    }
  }
}

std::span<float> Scratch(const GradientContext& context, std::size_t size) {
  if (context.scratch.size() < size) context.scratch.resize(size);
  return std::span(context.scratch).first(size);
}

namespace {

using runtime::Activation;
using runtime::OpCode;
using runtime::Tensor;

// y = f(x) with dy/dx = slope(y).
template <typename Slope>
void Unary(const GradientContext& context, const Slope& slope) {
  const std::span<float> dx = context.input_gradients[0];
  const float* y = context.op.outputs[0]->floats();
  for (std::size_t i = 0; i < dx.size(); ++i) {
    dx[i] += context.output_gradient[i] * slope(y[i]);
  }
}

template <Activation kind>
void Clamp(const GradientContext& context) {
  const runtime::ClampRange range = runtime::RangeOf(kind);
  Unary(context, [range](float y) {
    return y <= range.low || y >= range.high ? 0.0f : 1.0f;
  });
}

void Tanh(const GradientContext& context) {
  Unary(context, [](float y) { return 1.0f - y * y; });
}
void Logistic(const GradientContext& context) {
  Unary(context, [](float y) { return y * (1.0f - y); });
}

void Reshape(const GradientContext& context) {
  Unary(context, [](float) { return 1.0f; });
}

// The second input repeats along the first, so its gradient is summed.
template <typename Da, typename Db>
void Binary(const GradientContext& context, const Da& da, const Db& db) {
  DropClamped(context);
  const Tensor &a = *context.op.inputs[0], &b = *context.op.inputs[1];
  const std::size_t period = b.shape.Elements();
  const std::span<float> ga = context.input_gradients[0];
  const std::span<float> gb = context.input_gradients[1];
  for (std::size_t i = 0; i < context.output_gradient.size(); ++i) {
    const float dy = context.output_gradient[i];
    const float va = a.floats()[i], vb = b.floats()[i % period];
    if (!ga.empty()) ga[i] += dy * da(va, vb);
    if (!gb.empty()) gb[i % period] += dy * db(va, vb);
  }
}

void Add(const GradientContext& context) {
  Binary(
      context, [](float, float) { return 1.0f; },
      [](float, float) { return 1.0f; });
}
void Sub(const GradientContext& context) {
  Binary(
      context, [](float, float) { return 1.0f; },
      [](float, float) { return -1.0f; });
}
void Mul(const GradientContext& context) {
  Binary(
      context, [](float, float b) { return b; },
      [](float a, float) { return a; });
}

// dx_i = beta y_i (dy_i - sum_j dy_j y_j).
void Softmax(const GradientContext& context) {
  const Tensor& y = *context.op.outputs[0];
  const auto classes = static_cast<std::size_t>(y.shape[y.shape.rank - 1]);
  const std::span<float> dx = context.input_gradients[0];
  for (std::size_t row = 0; row < dx.size(); row += classes) {
    const float* p = y.floats() + row;
    const float* dy = context.output_gradient.data() + row;
    float inner = 0;
    for (std::size_t i = 0; i < classes; ++i) inner += dy[i] * p[i];
    for (std::size_t i = 0; i < classes; ++i) {
      dx[row + i] += context.op.options.beta * p[i] * (dy[i] - inner);
    }
  }
}

}  // namespace

GradientRule FindGradient(OpCode code) {
  switch (code) {
    case OpCode::kAdd:
      return Add;
    case OpCode::kSub:
      return Sub;
    case OpCode::kMul:
      return Mul;
    case OpCode::kRelu:
      return Clamp<Activation::kRelu>;
    case OpCode::kReluN1To1:
      return Clamp<Activation::kReluN1To1>;
    case OpCode::kRelu6:
      return Clamp<Activation::kRelu6>;
    case OpCode::kTanh:
      return Tanh;
    case OpCode::kLogistic:
      return Logistic;
    case OpCode::kReshape:
    case OpCode::kSqueeze:
      return Reshape;
    case OpCode::kSoftmax:
      return Softmax;
    case OpCode::kConv2D:
      return Conv2DGradient;
    case OpCode::kDepthwiseConv2D:
      return DepthwiseConv2DGradient;
    case OpCode::kFullyConnected:
      return FullyConnectedGradient;
    case OpCode::kMaxPool2D:
      return MaxPool2DGradient;
    case OpCode::kAveragePool2D:
      return AveragePool2DGradient;
    case OpCode::kConcatenation:
      return ConcatenationGradient;
    case OpCode::kMean:
      return MeanGradient;
    case OpCode::kPad:
      return PadGradient;
    // A graph with any other operator is refused as not trainable.
    default:
      return nullptr;
  }
}

}  // namespace sotto::training
