// TRANSPOSE_CONV, whatever the types: the adjoint of a convolution,
//
//   y[n][oy][ox][o] = f(sum over ky, kx, c of x[n][iy][ix][c] * w[o][ky][kx][c]
//       where iy * stride_h + ky = oy + pad_top, ix likewise)
//
//   in 0   shape  int32 [4], y's shape    constant or not
//   in 1   w      [out, filter_h, filter_w, channels]    constant or not
//   in 2   x      [batch, in_h, in_w, channels]
//   in 3   bias   [out], or absent
//   out 0  y      [batch, out_h, out_w, out]
//
// The padding is that of the convolution from y to x. Its size need not match
// x's: what falls outside y is left out. operands.h has the types. Reads
// padding, stride, activation.

#ifndef SOTTO_RUNTIME_KERNELS_NN_TRANSPOSE_CONV_H_
#define SOTTO_RUNTIME_KERNELS_NN_TRANSPOSE_CONV_H_

#include <cstddef>
#include <cstdint>

#include "runtime/core/kernel.h"
#include "runtime/kernels/nn/operands.h"

namespace sotto::runtime {

// One image; sizes and strides in [1, 2^29] so that their sums fit an int32.
struct TransposeConv {
  std::int32_t in_h, in_w, filter_h, filter_w, stride_h, stride_w;
  std::int32_t pad_top, pad_left, out_h, out_w;
  std::size_t channels, out;
};
inline constexpr std::int32_t kMaxTransposeConvSize = 1 << 29;

// Arity and shapes. A constant shape becomes y's; otherwise y is dynamic.
// INVALID_ARGUMENT: they do not fit.
StatusCode PrepareTransposeConv(PrepareContext& context, Op& op);
// At the start of Eval: gives a dynamic y its shape and sets *conv.
// INVALID_ARGUMENT: the shape's values do not fit; else the status of Resize.
StatusCode StartTransposeConv(EvalContext& context, const Op& op,
                              TransposeConv* conv);
inline Operands TransposeConvOperands(const Op& op) {
  return {.x = op.inputs[2],
          .w = op.inputs[1],
          .bias = op.input(3),
          .y = op.outputs[0],
          .dimension = 0};
}

// dot(x, w, size) sums products; finish(sum, channel) makes an element of y.
template <typename X, typename W, typename Y, typename Dot, typename Finish>
void ConvolveImageTransposed(const TransposeConv& v, const X* image,
                             const W* weights, Y* y, const Dot& dot,
                             const Finish& finish) {
  for (std::int32_t oy = 0; oy < v.out_h; ++oy) {
    for (std::int32_t ox = 0; ox < v.out_w; ++ox) {
      const W* w = weights;
      for (std::size_t o = 0; o < v.out; ++o) {
        decltype(dot(image, weights, v.channels)) sum = 0;
        for (std::int32_t ky = 0; ky < v.filter_h; ++ky) {
          const std::int32_t down = oy + v.pad_top - ky;
          const bool in_rows =
              down >= 0 && down % v.stride_h == 0 && down / v.stride_h < v.in_h;
          for (std::int32_t kx = 0; kx < v.filter_w; ++kx, w += v.channels) {
            const std::int32_t right = ox + v.pad_left - kx;
            if (!in_rows || right < 0 || right % v.stride_w != 0 ||
                right / v.stride_w >= v.in_w) {
              continue;
            }
            const std::size_t pixel =
                static_cast<std::size_t>(down / v.stride_h) *
                    static_cast<std::size_t>(v.in_w) +
                static_cast<std::size_t>(right / v.stride_w);
            sum += dot(image + pixel * v.channels, w, v.channels);
          }
        }
        *y++ = finish(sum, o);
      }
    }
  }
}

// All images of a batch.
template <typename X, typename W, typename Y, typename Dot, typename Finish>
void ConvolveTransposed(const TransposeConv& v, std::int32_t batch, const X* x,
                        const W* weights, Y* y, const Dot& dot,
                        const Finish& finish) {
  const std::size_t x_size = static_cast<std::size_t>(v.in_h) *
                             static_cast<std::size_t>(v.in_w) * v.channels;
  const std::size_t y_size = static_cast<std::size_t>(v.out_h) *
                             static_cast<std::size_t>(v.out_w) * v.out;
  for (std::int32_t n = 0; n < batch; ++n, x += x_size, y += y_size) {
    ConvolveImageTransposed(v, x, weights, y, dot, finish);
  }
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_NN_TRANSPOSE_CONV_H_
