// CONV_3D in f32, summed in double precision:
//
//   y[n][oz][oy][ox][o] = clamp(bias[o] + sum over kz, ky, kx, c of
//       x[n][oz * stride_d - pad_front + kz * dilation_d][...][...][c]
//         * w[kz][ky][kx][c][o])                  taps outside x are left out
//
//   in 0   x     f32 [batch, in_d, in_h, in_w, channels]
//   in 1   w     f32 [filter_d, filter_h, filter_w, channels, out]
//   in 2   bias  f32 [out], or absent
//   out 0  y     f32 [batch, out_d, out_h, out_w, out]
//
// Reads padding, stride, dilation, activation.

#include <algorithm>
#include <array>

#include "runtime/kernels/nn/operands.h"

namespace sotto::runtime {
namespace {

struct Axis {
  std::int32_t in, filter, stride, dilation, pad, out;

  // Where tap `k` of output `o` lies; -1 outside.
  std::int32_t At(std::int32_t o, std::int32_t k) const {
    const std::int32_t i = o * stride - pad + k * dilation;
    return i < in ? std::max(i, -1) : -1;
  }
};

// Sizes up to 2^16 (x's: 2^29) and a reach below 2^30 keep At inside an int32.
bool MakeAxis(std::int32_t in, std::int32_t filter, std::int32_t stride,
              std::int32_t dilation, Padding padding, Axis* axis) {
  constexpr std::int32_t kMax = 1 << 16;
  for (const std::int32_t v : {filter, stride, dilation}) {
    if (v < 1 || v > kMax) return false;
  }
  if (in < 1 || in > (1 << 29)) return false;
  const std::int64_t reach = std::int64_t{filter - 1} * dilation + 1;
  const bool same = padding == Padding::kSame;
  if (reach > (1 << 29) || (!same && reach > in)) return false;
  const std::int64_t out = same ? (std::int64_t{in} + stride - 1) / stride
                                : (in - reach) / stride + 1;
  const std::int64_t total =
      same ? std::max<std::int64_t>((out - 1) * stride + reach - in, 0) : 0;
  *axis = {.in = in,
           .filter = filter,
           .stride = stride,
           .dilation = dilation,
           .pad = static_cast<std::int32_t>(total / 2),
           .out = static_cast<std::int32_t>(out)};
  return true;
}

using Axes = std::array<Axis, 3>;  // depth, height, width

bool MakeAxes(const Op& op, Axes* axes) {
  const Shape &x = op.inputs[0]->shape, &w = op.inputs[1]->shape;
  const Options& o = op.options;
  const std::int32_t strides[] = {o.stride_d, o.stride_h, o.stride_w};
  const std::int32_t dilations[] = {o.dilation_d, o.dilation_h, o.dilation_w};
  for (std::size_t i = 0; i < 3; ++i) {
    if (!MakeAxis(x[i + 1], w[i], strides[i], dilations[i], o.padding,
                  &(*axes)[i])) {
      return false;
    }
  }
  return true;
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (op.inputs.size() < 2 || op.inputs.size() > 3 || op.outputs.size() != 1 ||
      op.inputs[0] == nullptr || op.inputs[1] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants x, w, optional bias -> y");
  }
  const Shape &x = op.inputs[0]->shape, &w = op.inputs[1]->shape;
  Axes axes;
  if (x.rank != 5 || w.rank != 5 || x[4] < 1 || x[4] != w[3] || w[4] < 1 ||
      !MakeAxes(op, &axes)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "x, w, stride or dilation do not fit");
  }
  op.outputs[0]->shape = {5,
                          {x[0], axes[0].out, axes[1].out, axes[2].out, w[4]}};
  op.outputs[0]->is_dynamic = false;
  return CheckF32(context, op,
                  {.x = op.inputs[0],
                   .w = op.inputs[1],
                   .bias = op.input(2),
                   .y = op.outputs[0],
                   .dimension = 4});
}

double SumAt(const Axes& axes, const float* image, const float* w,
             std::size_t channels, std::size_t out,
             const std::array<std::int32_t, 3>& at) {
  const auto& [d, h, v] = axes;
  double sum = 0.0;
  for (std::int32_t kz = 0; kz < d.filter; ++kz) {
    for (std::int32_t ky = 0; ky < h.filter; ++ky) {
      for (std::int32_t kx = 0; kx < v.filter; ++kx, w += channels * out) {
        const std::int32_t z = d.At(at[0], kz), y = h.At(at[1], ky),
                           x = v.At(at[2], kx);
        if (z < 0 || y < 0 || x < 0) continue;
        const std::size_t pixel =
            (static_cast<std::size_t>(z) * static_cast<std::size_t>(h.in) +
             static_cast<std::size_t>(y)) *
                static_cast<std::size_t>(v.in) +
            static_cast<std::size_t>(x);
        const float* values = image + pixel * channels;
        for (std::size_t c = 0; c < channels; ++c) {
          sum += double{values[c]} * w[c * out];
        }
      }
    }
  }
  return sum;
}

StatusCode Eval(EvalContext&, const Op& op) {
  Axes axes = {};
  MakeAxes(op, &axes);
  const Shape& x = op.inputs[0]->shape;
  const auto channels = static_cast<std::size_t>(x[4]);
  const auto out = static_cast<std::size_t>(op.inputs[1]->shape[4]);
  const FloatFinish finish(op, op.input(2));
  const float* image = op.inputs[0]->floats();
  const float* w = op.inputs[1]->floats();
  float* y = op.outputs[0]->floats();
  for (std::int32_t n = 0; n < x[0]; ++n, image += x.ElementsFrom(1)) {
    for (std::int32_t oz = 0; oz < axes[0].out; ++oz) {
      for (std::int32_t oy = 0; oy < axes[1].out; ++oy) {
        for (std::int32_t ox = 0; ox < axes[2].out; ++ox) {
          for (std::size_t o = 0; o < out; ++o) {
            *y++ = finish(
                SumAt(axes, image, w + o, channels, out, {oz, oy, ox}), o);
          }
        }
      }
    }
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kConv3DF32Reference = {Prepare, Eval};

}  // namespace sotto::runtime
