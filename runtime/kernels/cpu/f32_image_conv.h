// The convolution of an image of few channels, as the first one of a network:
//
//   y[oy][ox][o] = clamp(bias[o] + sum_{ky,kx,c} x[iy][ix][c] *
//   w[o][ky][kx][c])
//
// A patch is filter_h runs of filter_w * channels contiguous floats, too short
// to be worth a pointer each (see F32Patches): the rows of x that a row of y
// needs are copied between borders of zeros, where the patches of neighbours
// lie a fixed step apart. w and bias are packed as for F32Gemm.
//
// Each output is summed in the order of ky, kx, c.

#ifndef SOTTO_RUNTIME_KERNELS_CPU_F32_IMAGE_CONV_H_
#define SOTTO_RUNTIME_KERNELS_CPU_F32_IMAGE_CONV_H_

#include <cstddef>

#include "runtime/kernels/activation.h"
#include "runtime/kernels/window.h"

namespace sotto::runtime {

struct F32ImageConv {
  Window v = {};  // dilation 1
  std::size_t out = 0;
  const float* packed = nullptr;
  ClampRange clamp = {};

  // Whether this is the way to go.
  static bool Suits(const Window& v);
  static std::size_t ScratchBytes(const Window& v);

  // Rows [begin, end) of the batch, into y from its first row on. `scratch` is
  // 16-aligned.
  void Rows(const float* x, std::size_t begin, std::size_t end, void* scratch,
            float* y) const;
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_CPU_F32_IMAGE_CONV_H_
