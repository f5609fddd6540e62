// AVERAGE_POOL_2D and MAX_POOL_2D: one value per window and channel from the
// elements that lie inside the image.
//
//   in 0   x  [batch, in_h, in_w, channels]        f32, int8, uint8, int16
//   out 0  y  [batch, out_h, out_w, channels]      of the same type and scale
//
// Reads padding, stride, filter, activation. Every window has an element inside
// the image: SAME padding is shorter than the filter on either side.

#ifndef SOTTO_RUNTIME_KERNELS_NN_POOL_2D_H_
#define SOTTO_RUNTIME_KERNELS_NN_POOL_2D_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "runtime/core/kernel.h"
#include "runtime/kernels/window.h"

namespace sotto::runtime {

// INVALID_ARGUMENT: arity or shapes, or quantised x and y differ in scale or
// zero point. UNIMPLEMENTED: x is not of `type`, or the activation no clamp.
StatusCode PreparePool2D(PrepareContext& context, Op& op, ElementType type);
// Of a prepared op: the window, without dilation.
Window MakePoolWindow(const Op& op);
// The stored values that the activation leaves to an integer y.
struct PoolClamp {
  std::int32_t low, high;
};
PoolClamp MakePoolClamp(const Op& op);

// reduce(first, rows, columns, row_stride, stride) gives an element of y from
// the `rows` x `columns` elements from `first` on.
template <typename T, typename Reduce>
void Pool(const Op& op, const Reduce& reduce) {
  const Window v = MakePoolWindow(op);
  const auto channels = static_cast<std::size_t>(v.channels);
  const std::size_t row = static_cast<std::size_t>(v.in_w) * channels;
  const T* image = op.inputs[0]->as<const T>();
  T* y = op.outputs[0]->as<T>();
  for (std::int32_t n = 0; n < op.inputs[0]->shape[0]; ++n) {
    for (std::int32_t oy = 0; oy < v.out_h; ++oy) {
      const std::int32_t top = oy * v.stride_h - v.pad_top;
      const auto y0 = static_cast<std::size_t>(std::max(top, 0));
      const auto y1 =
          static_cast<std::size_t>(std::min(top + v.filter_h, v.in_h));
      for (std::int32_t ox = 0; ox < v.out_w; ++ox) {
        const std::int32_t left = ox * v.stride_w - v.pad_left;
        const auto x0 = static_cast<std::size_t>(std::max(left, 0));
        const auto x1 =
            static_cast<std::size_t>(std::min(left + v.filter_w, v.in_w));
        const T* first = image + y0 * row + x0 * channels;
        for (std::size_t c = 0; c < channels; ++c) {
          *y++ = reduce(first + c, y1 - y0, x1 - x0, row, channels);
        }
      }
    }
    image += v.ImageSize();
  }
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_NN_POOL_2D_H_
