// CONV_2D, whatever the types:
//
//   y[n][oy][ox][o] = f(sum over ky, kx, c of
//       x[n][oy * stride_h - pad_top + ky * dilation_h][ox ...][g * C + c]
//         * w[o][ky][kx][c])                      taps outside x are left out
//
//   in 0   x     [batch, in_h, in_w, groups * C]
//   in 1   w     [out, filter_h, filter_w, C]     constant or not
//   in 2   bias  [out], or absent
//   out 0  y     [batch, out_h, out_w, out]
//
// Output channel o belongs to group g = o / (out / groups). operands.h has the
// types. Reads padding, stride, dilation, activation.

#ifndef SOTTO_RUNTIME_KERNELS_NN_CONV_2D_H_
#define SOTTO_RUNTIME_KERNELS_NN_CONV_2D_H_

#include <cstddef>
#include <cstdint>

#include "runtime/core/kernel.h"
#include "runtime/kernels/nn/operands.h"
#include "runtime/kernels/window.h"

namespace sotto::runtime {

struct Conv2D {
  Window window;
  std::size_t batch, out, groups, group_channels;
};

// Arity and shapes; sets y's shape. INVALID_ARGUMENT: they do not fit.
StatusCode PrepareConv2D(PrepareContext& context, Op& op);
// Of a prepared op.
Conv2D MakeConv2D(const Op& op);
inline Operands Conv2DOperands(const Op& op) {
  return {.x = op.inputs[0],
          .w = op.inputs[1],
          .bias = op.input(2),
          .y = op.outputs[0],
          .dimension = 0};
}

// One image. dot(x, w, size) sums products; finish(sum, channel) makes an
// element of y.
template <typename X, typename W, typename Y, typename Dot, typename Finish>
void ConvolveImage(const Conv2D& conv, const X* image, const W* weights, Y* y,
                   const Dot& dot, const Finish& finish) {
  const Window& v = conv.window;
  const std::size_t depth = conv.group_channels;
  const std::size_t group_out = conv.out / conv.groups;
  const auto channels = static_cast<std::size_t>(v.channels);
  for (std::int32_t oy = 0; oy < v.out_h; ++oy) {
    for (std::int32_t ox = 0; ox < v.out_w; ++ox) {
      const W* w = weights;
      for (std::size_t o = 0; o < conv.out; ++o) {
        const X* group = image + o / group_out * depth;
        decltype(dot(image, weights, depth)) sum = 0;
        for (std::int32_t ky = 0; ky < v.filter_h; ++ky) {
          const std::int32_t iy =
              oy * v.stride_h - v.pad_top + ky * v.dilation_h;
          for (std::int32_t kx = 0; kx < v.filter_w; ++kx, w += depth) {
            const std::int32_t ix =
                ox * v.stride_w - v.pad_left + kx * v.dilation_w;
            if (iy < 0 || iy >= v.in_h || ix < 0 || ix >= v.in_w) continue;
            const std::size_t pixel = static_cast<std::size_t>(iy) *
                                          static_cast<std::size_t>(v.in_w) +
                                      static_cast<std::size_t>(ix);
            sum += dot(group + pixel * channels, w, depth);
          }
        }
        *y++ = finish(sum, o);
      }
    }
  }
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_NN_CONV_2D_H_
