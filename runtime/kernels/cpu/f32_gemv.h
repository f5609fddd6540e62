// One row times a matrix, the weights read where they lie:
//
//   y[o] = clamp(bias[o] + sum_i x[i] * w[o][i])    for o in [first, last)
//
// Every weight is used once, so packing could only cost. Each sum is formed in
// an order that depends on k alone.

#ifndef SOTTO_RUNTIME_KERNELS_CPU_F32_GEMV_H_
#define SOTTO_RUNTIME_KERNELS_CPU_F32_GEMV_H_

#include <cstddef>

#include "runtime/kernels/activation.h"

namespace sotto::runtime {

struct F32Gemv {
  std::size_t k = 0;
  const float* x = nullptr;
  const float* w = nullptr;
  const float* bias = nullptr;  // may be null
  float* y = nullptr;
  ClampRange clamp = {};
};

void F32GemvRows(const F32Gemv& gemv, std::size_t first, std::size_t last);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_CPU_F32_GEMV_H_
