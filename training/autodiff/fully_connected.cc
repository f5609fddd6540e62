// Gradient of y = x W^T + b:  dx = dy W,  dW = dy^T x,  db = sum of rows of dy.

#include "runtime/kernels/gemm.h"
#include "training/autodiff/rules.h"

namespace sotto::training {

void FullyConnectedGradient(const GradientContext& context) {
  DropClamped(context);
  const runtime::Tensor &x = *context.op.inputs[0], &w = *context.op.inputs[1];
  const auto out = static_cast<std::size_t>(w.shape[0]);
  const auto depth = static_cast<std::size_t>(w.shape[1]);
  const std::size_t rows = x.shape.Elements() / depth;
  const float* dy = context.output_gradient.data();
  const std::span<float> dx = context.input_gradients[0];
  const std::span<float> dw = context.input_gradients[1];
  if (!dx.empty()) {
    runtime::Gemm({.m = rows, .k = out, .n = depth}, dy, w.floats(), dx.data(),
                  true);
  }
  if (!dw.empty()) {
    const std::span<float> transposed = Scratch(context, rows * out);
    runtime::Transpose(dy, rows, out, transposed.data());
    runtime::Gemm({.m = out, .k = rows, .n = depth}, transposed.data(),
                  x.floats(), dw.data(), true);
  }
  if (context.input_gradients.size() > 2 &&
      !context.input_gradients[2].empty()) {
    const std::span<float> db = context.input_gradients[2];
    for (std::size_t i = 0; i < rows * out; ++i) db[i % out] += dy[i];
  }
}

}  // namespace sotto::training
