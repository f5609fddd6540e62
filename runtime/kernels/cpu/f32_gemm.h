// The matrix product under the packed f32 kernels:
//
//   y[i][o] = clamp2(clamp(bias[o] + sum_{s,j} x_i,s[j] * w[o][s * size + j]) +
//                    addend[i][o])
//
// A row of x is `segments` pieces of `segment_size` contiguous floats, so that
// the patches of a convolution are read where they lie in the image. w and bias
// are packed in panels of PanelColumns() output columns, which stream through
// the cache in the order of use: [panel][bias row, then k rows][columns], zeros
// behind the last column.
//
// Each element is summed in the order of k, whatever the other sizes and the
// number of threads: the same bits on one processor.

#ifndef SOTTO_RUNTIME_KERNELS_CPU_F32_GEMM_H_
#define SOTTO_RUNTIME_KERNELS_CPU_F32_GEMM_H_

#include <cstddef>
#include <cstdint>

#include "runtime/kernels/activation.h"

namespace sotto::runtime {

struct F32Gemm {
  std::size_t n = 0;             // columns of y
  std::size_t segments = 1;      // k = segments * segment_size
  std::size_t segment_size = 0;  // floats
  // Row i's segments are rows[i * segments ...]; null: there is one segment, at
  // x + i * x_step.
  const float* const* rows = nullptr;
  const float* x = nullptr;
  std::size_t x_step = 0;
  const float* packed = nullptr;
  float* y = nullptr;  // rows of y_step floats; overlaps no input but addend
  std::size_t y_step = 0;
  const float* addend = nullptr;  // null or as y
  ClampRange clamp = {};
  ClampRange addend_clamp = {};
};

// Columns of one panel and rows of one register tile on this processor.
std::size_t F32PanelColumns();
std::size_t F32TileRows();
inline std::size_t F32Panels(std::size_t n) {
  return (n + F32PanelColumns() - 1) / F32PanelColumns();
}

// Bytes of w [n][k] and its bias in panels; false when that is beyond 2^40.
bool F32PackedBytes(std::size_t k, std::size_t n, std::size_t* bytes);
// The name of the layout, for PrepareContext::RequestPacked.
std::uint32_t F32PackedLayout();
// `bias` may be null.
void F32Pack(const float* w, const float* bias, std::size_t k, std::size_t n,
             float* packed);

// Rows [0, m) of panels [first, last).
void F32GemmPanels(const F32Gemm& gemm, std::size_t m, std::size_t first,
                   std::size_t last);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_CPU_F32_GEMM_H_
