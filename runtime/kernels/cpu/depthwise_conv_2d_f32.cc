// DepthwiseConv2D: y[n][oy][ox][c * m + j] = act(bias[c * m + j] +
// sum_{ky,kx} x[n][iy][ix][c] * w[0][ky][kx][c * m + j]), m = depth_multiplier.
//
//   in 0   x     f32 [batch, in_h, in_w, channels]
//   in 1   w     f32 [1, filter_h, filter_w, channels * m], constant
//   in 2   bias  f32 [channels * m], constant, may be absent
//   out 0  y     f32 [batch, out_h, out_w, channels * m]
//
// Reads padding, stride, dilation, activation; m is taken from the shapes.

#include <cassert>

#include "runtime/core/kernel.h"
#include "runtime/kernels/activation.h"
#include "runtime/kernels/window.h"

namespace sotto::runtime {
namespace {

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
  if (x.shape.rank != 4 || w.shape.rank != 4 || w.shape[0] != 1 ||
      !w.is_constant || w.shape[3] % x.shape[3] != 0) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "w is no constant [1, h, w, channels * m]");
  }
  if (bias != nullptr && (bias->shape.rank != 1 ||
                          bias->shape[0] != w.shape[3] || !bias->is_constant)) {
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
                          {x.shape[0], window.out_h, window.out_w, w.shape[3]}};
  return StatusCode::kOk;
}

StatusCode Eval(EvalContext&, const Op& op) {
  const Tensor &x = *op.inputs[0], &w = *op.inputs[1], &y = *op.outputs[0];
  const Tensor* bias = op.inputs.size() == 3 ? op.inputs[2] : nullptr;
  Window v = {};
  [[maybe_unused]] const bool ok =
      MakeWindow(x.shape, w.shape[1], w.shape[2], op.options, &v);
  assert(ok);
  const auto out = static_cast<std::size_t>(w.shape[3]);
  const auto channels = static_cast<std::size_t>(v.channels);
  const std::size_t multiplier = out / channels;
  float* result = y.floats();
  for (std::int32_t n = 0; n < x.shape[0]; ++n) {
    const float* image =
        x.floats() + static_cast<std::size_t>(n) * v.ImageSize();
    for (std::int32_t oy = 0; oy < v.out_h; ++oy) {
      for (std::int32_t ox = 0; ox < v.out_w; ++ox, result += out) {
        for (std::size_t o = 0; o < out; ++o) {
          result[o] = bias == nullptr ? 0.0f : bias->floats()[o];
        }
        for (std::int32_t ky = 0; ky < v.filter_h; ++ky) {
          const std::int32_t iy =
              oy * v.stride_h - v.pad_top + ky * v.dilation_h;
          if (iy < 0 || iy >= v.in_h) continue;
          for (std::int32_t kx = 0; kx < v.filter_w; ++kx) {
            const std::int32_t ix =
                ox * v.stride_w - v.pad_left + kx * v.dilation_w;
            if (ix < 0 || ix >= v.in_w) continue;
            const float* pixel = image + (static_cast<std::size_t>(iy) *
                                              static_cast<std::size_t>(v.in_w) +
                                          static_cast<std::size_t>(ix)) *
                                             channels;
            const float* tap =
                w.floats() + (static_cast<std::size_t>(ky) *
                                  static_cast<std::size_t>(v.filter_w) +
                              static_cast<std::size_t>(kx)) *
                                 out;
            if (multiplier == 1) {
              for (std::size_t c = 0; c < out; ++c) {
                result[c] += pixel[c] * tap[c];
              }
            } else {
              for (std::size_t o = 0; o < out; ++o) {
                result[o] += pixel[o / multiplier] * tap[o];
              }
            }
          }
        }
        Activate(op.options.activation, result, out);
      }
    }
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kDepthwiseConv2DF32 = {Prepare, Eval};

}  // namespace sotto::runtime
