// Convolution2DTransposeBias, MediaPipe's custom operator: transpose_conv.h's
// sum in f32, with y's size from x's:
//
//   in 0   x     f32 [batch, in_h, in_w, channels]
//   in 1   w     f32 [out, filter_h, filter_w, channels]
//   in 2   bias  f32 [out], or absent
//   out 0  y     f32 [batch, out_h, out_w, out]
//
//   out_h = stride_h * (in_h - 1) + filter_h - pad, pad_top = pad / 2;
//   pad = max(filter_h - (in_h - 1) % stride_h - 1, 0) under SAME, 0 under
//   VALID padding; widths likewise
//
// Reads the custom options, little-endian int32: padding (1 SAME, 2 VALID),
// stride_w, stride_h; without them, padding and stride. Takes no activation.

#include <algorithm>

#include "runtime/kernels/nn/accumulate.h"
#include "runtime/kernels/nn/transpose_conv.h"

namespace sotto::runtime {
namespace {

Operands OperandsOf(const Op& op) {
  return {.x = op.inputs[0],
          .w = op.inputs[1],
          .bias = op.input(2),
          .y = op.outputs[0],
          .dimension = 0};
}

struct Geometry {
  std::int32_t padding, stride_w, stride_h;  // padding as in the custom options
};

Geometry ReadGeometry(const Options& options) {
  if (options.custom.size() < 12) {
    return {.padding = options.padding == Padding::kSame ? 1 : 2,
            .stride_w = options.stride_w,
            .stride_h = options.stride_h};
  }
  const auto at = [&](std::size_t i) {
    std::uint32_t value = 0;
    for (std::size_t b = 4; b-- > 0;) {
      value = value << 8 | options.custom[4 * i + b];
    }
    return static_cast<std::int32_t>(value);
  };
  return {.padding = at(0), .stride_w = at(1), .stride_h = at(2)};
}

struct Axis {
  std::int64_t out, pad;
};

Axis Along(std::int64_t in, std::int64_t filter, std::int64_t stride,
           bool same) {
  const std::int64_t pad =
      same ? std::max<std::int64_t>(filter - (in - 1) % stride - 1, 0) : 0;
  return {.out = stride * (in - 1) + filter - pad, .pad = pad / 2};
}

// False: some size is not positive or too large.
bool MakeConv(const Op& op, TransposeConv* conv) {
  const Geometry g = ReadGeometry(op.options);
  const Shape &x = op.inputs[0]->shape, &w = op.inputs[1]->shape;
  for (const std::int32_t size :
       {x[1], x[2], w[1], w[2], g.stride_h, g.stride_w}) {
    if (size < 1 || size > kMaxTransposeConvSize) return false;
  }
  if (g.padding != 1 && g.padding != 2) return false;
  const Axis y_axis = Along(x[1], w[1], g.stride_h, g.padding == 1);
  const Axis x_axis = Along(x[2], w[2], g.stride_w, g.padding == 1);
  for (const std::int64_t out : {y_axis.out, x_axis.out}) {
    if (out < 1 || out > kMaxTransposeConvSize) return false;
  }
  *conv = {.in_h = x[1],
           .in_w = x[2],
           .filter_h = w[1],
           .filter_w = w[2],
           .stride_h = g.stride_h,
           .stride_w = g.stride_w,
           .pad_top = static_cast<std::int32_t>(y_axis.pad),
           .pad_left = static_cast<std::int32_t>(x_axis.pad),
           .out_h = static_cast<std::int32_t>(y_axis.out),
           .out_w = static_cast<std::int32_t>(x_axis.out),
           .channels = static_cast<std::size_t>(x[3]),
           .out = static_cast<std::size_t>(w[0])};
  return true;
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (op.inputs.size() < 2 || op.inputs.size() > 3 || op.outputs.size() != 1 ||
      op.inputs[0] == nullptr || op.inputs[1] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants x, w, optional bias -> y");
  }
  const Shape &x = op.inputs[0]->shape, &w = op.inputs[1]->shape;
  TransposeConv conv;
  if (x.rank != 4 || w.rank != 4 || x[3] < 1 || x[3] != w[3] || w[0] < 1 ||
      !MakeConv(op, &conv)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "x, w, stride and padding do not fit");
  }
  op.outputs[0]->shape = {4, {x[0], conv.out_h, conv.out_w, w[0]}};
  op.outputs[0]->is_dynamic = false;
  return CheckF32(context, op, OperandsOf(op));
}

StatusCode Eval(EvalContext&, const Op& op) {
  TransposeConv conv = {};
  MakeConv(op, &conv);
  ConvolveTransposed(
      conv, op.inputs[0]->shape[0], op.inputs[0]->floats(),
      op.inputs[1]->floats(), op.outputs[0]->floats(),
      [](const float* x, const float* w, std::size_t size) {
        return SumOfProducts(x, w, size);
      },
      FloatFinish(op, op.input(2)));
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kConvolution2DTransposeBiasReference = {Prepare, Eval};

}  // namespace sotto::runtime
