// One row times a matrix:
//
//   y[o] = clamp(bias[o] + sum_i x[i] * w[o][i])
//
// Memory sets the pace, so there are two ways: w where it lies, which copies
// nothing, and w in the panels of f32_gemm.h, which is a few per cent faster,
// more where the rows of w do not start at cache lines. Each sum is formed in
// an order that depends on k alone.

#ifndef SOTTO_RUNTIME_KERNELS_CPU_F32_GEMV_H_
#define SOTTO_RUNTIME_KERNELS_CPU_F32_GEMV_H_

#include <cstddef>

#include "runtime/kernels/activation.h"

namespace sotto::runtime {

struct F32Gemv {
  std::size_t k = 0;
  std::size_t n = 0;  // of panels only
  const float* x = nullptr;
  const float* w = nullptr;     // [n][k], or what F32Pack wrote
  const float* bias = nullptr;  // may be null; of panels: in w
  float* y = nullptr;           // overlaps no input
  ClampRange clamp = {};
};

// Outputs [first, last), w in place.
void F32GemvRows(const F32Gemv& gemv, std::size_t first, std::size_t last);
// Panels [first, last), w packed.
void F32GemvPanels(const F32Gemv& gemv, std::size_t first, std::size_t last);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_CPU_F32_GEMV_H_
