// DEPTHWISE_CONV_2D, whatever the types:
//
//   y[n][oy][ox][c * M + m] = f(sum over ky, kx of
//       x[n][oy * stride_h - pad_top + ky * dilation_h][ox ...][c]
//         * w[0][ky][kx][c * M + m])              taps outside x are left out
//
//   in 0   x     [batch, in_h, in_w, channels]
//   in 1   w     [1, filter_h, filter_w, channels * M]   constant or not
//   in 2   bias  [channels * M], or absent
//   out 0  y     [batch, out_h, out_w, channels * M]
//
// M follows from the shapes. operands.h has the types. Reads padding, stride,
// dilation, activation.

#ifndef SOTTO_RUNTIME_KERNELS_NN_DEPTHWISE_CONV_2D_H_
#define SOTTO_RUNTIME_KERNELS_NN_DEPTHWISE_CONV_2D_H_

#include <cstddef>
#include <cstdint>

#include "runtime/core/kernel.h"
#include "runtime/kernels/nn/operands.h"
#include "runtime/kernels/window.h"

namespace sotto::runtime {

struct DepthwiseConv2D {
  Window window;
  std::size_t batch, out, multiplier;
};

// Arity and shapes; sets y's shape. INVALID_ARGUMENT: they do not fit.
StatusCode PrepareDepthwiseConv2D(PrepareContext& context, Op& op);
// Of a prepared op.
DepthwiseConv2D MakeDepthwiseConv2D(const Op& op);
inline Operands DepthwiseConv2DOperands(const Op& op) {
  return {.x = op.inputs[0],
          .w = op.inputs[1],
          .bias = op.input(2),
          .y = op.outputs[0],
          .dimension = 3};
}

// One image. product(x, w) of two elements; finish(sum, channel) makes an
// element of y.
template <typename X, typename W, typename Y, typename Product, typename Finish>
void ConvolveImageDepthwise(const DepthwiseConv2D& conv, const X* image,
                            const W* weights, Y* y, const Product& product,
                            const Finish& finish) {
  const Window& v = conv.window;
  const auto channels = static_cast<std::size_t>(v.channels);
  for (std::int32_t oy = 0; oy < v.out_h; ++oy) {
    for (std::int32_t ox = 0; ox < v.out_w; ++ox) {
      for (std::size_t o = 0; o < conv.out; ++o) {
        const X* channel = image + o / conv.multiplier;
        const W* w = weights + o;
        decltype(product(*image, *weights)) sum = 0;
        for (std::int32_t ky = 0; ky < v.filter_h; ++ky) {
          const std::int32_t iy =
              oy * v.stride_h - v.pad_top + ky * v.dilation_h;
          for (std::int32_t kx = 0; kx < v.filter_w; ++kx, w += conv.out) {
            const std::int32_t ix =
                ox * v.stride_w - v.pad_left + kx * v.dilation_w;
            if (iy < 0 || iy >= v.in_h || ix < 0 || ix >= v.in_w) continue;
            const std::size_t pixel = static_cast<std::size_t>(iy) *
                                          static_cast<std::size_t>(v.in_w) +
                                      static_cast<std::size_t>(ix);
            sum += product(channel[pixel * channels], *w);
          }
        }
        *y++ = finish(sum, o);
      }
    }
  }
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_NN_DEPTHWISE_CONV_2D_H_
