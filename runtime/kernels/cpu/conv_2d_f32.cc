// Conv2D: y[n][oy][ox][o] = act(bias[o] + sum_{ky,kx,c} x[n][iy][ix][c] *
// w[o][ky][kx][c]), iy = oy * stride - pad + ky * dilation, zero outside.
//
//   in 0   x     f32 [batch, in_h, in_w, channels]
//   in 1   w     f32 [out, filter_h, filter_w, channels], constant
//   in 2   bias  f32 [out], constant, may be absent
//   out 0  y     f32 [batch, out_h, out_w, out]
//
// Reads padding, stride, dilation, activation. Per image: patches [pixels, K]
// times w transposed [K, out].

#include <cassert>

#include "runtime/core/kernel.h"
#include "runtime/kernels/activation.h"
#include "runtime/kernels/gemm.h"
#include "runtime/kernels/window.h"

namespace sotto::runtime {
namespace {

Window WindowOf(const Op& op) {
  const Tensor &x = *op.inputs[0], &w = *op.inputs[1];
  Window window = {};
  [[maybe_unused]] const bool ok =
      MakeWindow(x.shape, w.shape[1], w.shape[2], op.options, &window);
  assert(ok);
  return window;
}

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
  if (x.shape.rank != 4 || w.shape.rank != 4 || !w.is_constant) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "x and w are not of rank 4, or w is no constant");
  }
  if (w.shape[3] != x.shape[3]) {
    return context.Fail(x.shape[3] % w.shape[3] == 0
                            ? StatusCode::kUnimplemented
                            : StatusCode::kInvalidArgument,
                        "channels of x and w differ (grouped convolution)");
  }
  if (bias != nullptr && (bias->shape.rank != 1 ||
                          bias->shape[0] != w.shape[0] || !bias->is_constant)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "bias is no constant of one value per output channel");
  }
  Window window = {};
  if (!MakeWindow(x.shape, w.shape[1], w.shape[2], op.options, &window)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "stride, dilation or filter does not fit the image");
  }
  op.outputs[0]->type = ElementType::kFloat32;
  op.outputs[0]->shape = {4,
                          {x.shape[0], window.out_h, window.out_w, w.shape[0]}};
  context.RequestScratch(
      sizeof(float) * window.PatchSize() *
      (window.Pixels() + static_cast<std::size_t>(w.shape[0])));
  return StatusCode::kOk;
}

StatusCode Eval(EvalContext&, const Op& op) {
  const Window window = WindowOf(op);
  const Tensor &x = *op.inputs[0], &w = *op.inputs[1], &y = *op.outputs[0];
  const Tensor* bias = op.inputs.size() == 3 ? op.inputs[2] : nullptr;
  const auto out = static_cast<std::size_t>(w.shape[0]);
  const std::size_t patch = window.PatchSize(), pixels = window.Pixels();
  auto* const weights = static_cast<float*>(op.scratch);  // [patch][out]
  float* patches = weights + patch * out;
  Transpose(w.floats(), out, patch, weights);
  for (std::int32_t n = 0; n < x.shape[0]; ++n) {
    const auto image = static_cast<std::size_t>(n);
    float* result = y.floats() + image * pixels * out;
    ImageToPatches(window, x.floats() + image * window.ImageSize(), patches);
    for (std::size_t p = 0; p < pixels; ++p) {
      for (std::size_t o = 0; o < out; ++o) {
        result[p * out + o] = bias == nullptr ? 0.0f : bias->floats()[o];
      }
    }
    Gemm({.m = pixels, .k = patch, .n = out}, patches, weights, result, true);
    Activate(op.options.activation, result, pixels * out);
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kConv2DF32 = {Prepare, Eval};

}  // namespace sotto::runtime
