// Rows of a depthwise convolution's output, channels in the lanes:
//
//   y[ox][c] = clamp(bias[c] + sum_{ky,kx} x[iy][ix][c] * w[ky][kx][c])
//
// The input is a table of pointers to pixels, [ky][column], column = ox *
// stride_w + kx * dilation_w counted from the padded left border; where a pixel
// lies outside the image its pointer leads to zeros. So the inner loop has no
// case for borders, and every output is summed in the order of ky, kx. Where
// registers allow, two rows of the output share a table and what they load.

#ifndef SOTTO_RUNTIME_KERNELS_CPU_F32_DEPTHWISE_H_
#define SOTTO_RUNTIME_KERNELS_CPU_F32_DEPTHWISE_H_

#include <cstddef>

#include "runtime/kernels/activation.h"
#include "runtime/kernels/window.h"

namespace sotto::runtime {

struct F32Depthwise {
  Window v = {};
  const float* w = nullptr;      // [filter_h][filter_w][channels], in place
  const float* bias = nullptr;   // [channels]
  const float* zeros = nullptr;  // [channels]
  ClampRange clamp = {};

  // Of one table, in pointers.
  static std::size_t TableColumns(const Window& v) {
    return static_cast<std::size_t>(v.out_w - 1) *
               static_cast<std::size_t>(v.stride_w) +
           static_cast<std::size_t>(v.filter_w - 1) *
               static_cast<std::size_t>(v.dilation_w) +
           1;
  }
  static std::size_t TableBytes(const Window& v) {
    return static_cast<std::size_t>(v.filter_h + kMaxPairedStride) *
           TableColumns(v) * sizeof(const float*);
  }
  // Two rows are computed at once with strides up to this.
  static constexpr std::int32_t kMaxPairedStride = 2;

  // Rows [first, last) of the image's output into y, pixels y_step floats
  // apart. `table` is memory for one table.
  void Rows(const float* image, std::size_t first, std::size_t last,
            const float** table, float* y, std::size_t y_step) const;
  void Row(const float* image, std::size_t oy, const float** table, float* y,
           std::size_t y_step) const {
    Rows(image, oy, oy + 1, table, y, y_step);
  }

 private:
  void FillTable(const float* image, std::size_t oy, std::int32_t rows,
                 const float** table) const;
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_CPU_F32_DEPTHWISE_H_
