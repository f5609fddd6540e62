// Softmax over the last dimension: y_i = exp(beta (x_i - max x)) / sum_j ...
//
//   in 0   x  f32 [..., classes]
//   out 0  y  f32, same shape
//
// Reads beta, which must be finite.

#include <algorithm>
#include <cmath>

#include "runtime/core/kernel.h"

namespace sotto::runtime {
namespace {

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (op.inputs.size() != 1 || op.outputs.size() != 1 ||
      op.inputs[0] == nullptr || op.inputs[0]->shape.rank < 1) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x -> y");
  }
  if (op.inputs[0]->type != ElementType::kFloat32) {
    return context.Fail(StatusCode::kUnimplemented, "only f32");
  }
  if (!std::isfinite(op.options.beta)) {
    return context.Fail(StatusCode::kInvalidArgument, "beta is not finite");
  }
  op.outputs[0]->type = ElementType::kFloat32;
  op.outputs[0]->shape = op.inputs[0]->shape;
  return StatusCode::kOk;
}

StatusCode Eval(EvalContext&, const Op& op) {
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  const auto classes = static_cast<std::size_t>(x.shape[x.shape.rank - 1]);
  const std::size_t rows = x.shape.Elements() / classes;
  for (std::size_t row = 0; row < rows; ++row) {
    const float* in = x.floats() + row * classes;
    float* out = y.floats() + row * classes;
    const float high = *std::max_element(in, in + classes);
    float sum = 0;
    for (std::size_t i = 0; i < classes; ++i) {
      out[i] = std::exp(op.options.beta * (in[i] - high));
      sum += out[i];
    }
    for (std::size_t i = 0; i < classes; ++i) out[i] /= sum;
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kSoftmaxF32 = {Prepare, Eval};

}  // namespace sotto::runtime
