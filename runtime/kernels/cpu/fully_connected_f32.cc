// FullyConnected: y[n][o] = act(bias[o] + sum_i x[n][i] * w[o][i]).
//
//   in 0   x     f32, any shape whose element count is a multiple of depth
//   in 1   w     f32 [out, depth], constant
//   in 2   bias  f32 [out], constant, may be absent
//   out 0  y     f32 [elements / depth, out]; with keep_dims x's shape with
//                out for depth
//
// Reads activation, keep_dims.

#include "runtime/core/kernel.h"
#include "runtime/kernels/activation.h"
#include "runtime/kernels/gemm.h"

namespace sotto::runtime {
namespace {

constexpr std::size_t kGemmRows = 4;  // below, dot products need no transpose

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (op.inputs.size() < 2 || op.inputs.size() > 3 || op.outputs.size() != 1 ||
      op.inputs[0] == nullptr || op.inputs[1] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants x, w[, bias] -> y");
  }
  const Tensor &x = *op.inputs[0], &w = *op.inputs[1];
  const Tensor* bias = op.inputs.size() == 3 ? op.inputs[2] : nullptr;
  if (x.type != ElementType::kFloat32 || w.type != ElementType::kFloat32 ||
      (bias != nullptr && bias->type != ElementType::kFloat32)) {
    return context.Fail(StatusCode::kUnimplemented, "only f32");
  }
  if (w.shape.rank != 2 || !w.is_constant) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "w is no constant of rank 2");
  }
  const auto depth = static_cast<std::size_t>(w.shape[1]);
  if (depth == 0 || x.shape.Elements() % depth != 0 ||
      (op.options.keep_dims &&
       (x.shape.rank == 0 || x.shape[x.shape.rank - 1] != w.shape[1]))) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "x does not divide into rows of w's depth");
  }
  if (bias != nullptr &&
      (bias->shape.Elements() != static_cast<std::size_t>(w.shape[0]) ||
       !bias->is_constant)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "bias is no constant of one value per output");
  }
  const std::size_t rows = x.shape.Elements() / depth;
  op.outputs[0]->type = ElementType::kFloat32;
  if (op.options.keep_dims) {
    op.outputs[0]->shape = x.shape;
    op.outputs[0]->shape.dims[x.shape.rank - 1] = w.shape[0];
  } else {
    op.outputs[0]->shape = {2, {static_cast<std::int32_t>(rows), w.shape[0]}};
  }
  if (rows >= kGemmRows)
    context.RequestScratch(w.shape.Elements() * sizeof(float));
  return StatusCode::kOk;
}

StatusCode Eval(EvalContext&, const Op& op) {
  const Tensor &x = *op.inputs[0], &w = *op.inputs[1], &y = *op.outputs[0];
  const Tensor* bias = op.inputs.size() == 3 ? op.inputs[2] : nullptr;
  const auto out = static_cast<std::size_t>(w.shape[0]);
  const auto depth = static_cast<std::size_t>(w.shape[1]);
  const std::size_t rows = x.shape.Elements() / depth;
  for (std::size_t n = 0; n < rows; ++n) {
    for (std::size_t o = 0; o < out; ++o) {
      y.floats()[n * out + o] = bias == nullptr ? 0.0f : bias->floats()[o];
    }
  }
  if (rows >= kGemmRows) {
    auto* const columns = static_cast<float*>(op.scratch);  // [depth][out]
    Transpose(w.floats(), out, depth, columns);
    Gemm({.m = rows, .k = depth, .n = out}, x.floats(), columns, y.floats(),
         true);
  } else {
    for (std::size_t n = 0; n < rows; ++n) {
      for (std::size_t o = 0; o < out; ++o) {
        y.floats()[n * out + o] +=
            Dot(x.floats() + n * depth, w.floats() + o * depth, depth);
      }
    }
  }
  Activate(op.options.activation, y.floats(), rows * out);
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kFullyConnectedF32 = {Prepare, Eval};

}  // namespace sotto::runtime
