// Products of rows of floats, brought to u8 as they come (hybrid_rows.h), with
// packed s8 weights, stored as floats:
//
//   sum[r][o] = sum_k (u[r][k] - zero_r) * w[o][k],       zero_r in [0, 255]
//   y[r][o]   = clamp(sum * w_scale[o] * x_scale_r + bias[o])
//
// Sums are exact: at most kHybridMaxTerms products of at most 255 * 128, and
// sum_k w[o][k] * zero_r, which starts the sum off, make less than 2^31. What
// follows is single precision, always in this order: the same bits wherever a
// row or a channel falls in a tile.
//
// Weights lie as in int8_gemm.h, each panel of 16 channels behind a
// HybridChannels. The number of panels is even, so that pairs may be read.

#ifndef SOTTO_RUNTIME_KERNELS_CPU_HYBRID_GEMM_H_
#define SOTTO_RUNTIME_KERNELS_CPU_HYBRID_GEMM_H_

#include <cstddef>
#include <cstdint>

#include "runtime/kernels/activation.h"
#include "runtime/kernels/cpu/int8_channels.h"
#include "runtime/kernels/nn/row_quantizer.h"

namespace sotto::runtime {

constexpr std::size_t kHybridMaxTerms = (std::size_t{1} << 30) / (255 * 128);

struct alignas(64) HybridChannels {
  float scale[16], bias[16];
  std::int32_t weight_sum[16];
};

struct HybridShape {
  std::size_t segments, segment_quads;  // of k
  std::size_t channels;                 // of the output

  std::size_t panel_bytes() const {
    return sizeof(HybridChannels) + segments * segment_quads * 4 * kInt8Panel;
  }
  std::size_t panels() const {
    return (channels + 2 * kInt8Panel - 1) / (2 * kInt8Panel) * 2;
  }
  std::size_t packed_bytes() const { return panels() * panel_bytes(); }
};

// lines x pixels rows.
struct HybridGemm {
  HybridShape shape;
  const std::uint8_t* panels;
  // Where each segment starts, in bytes from the row's start; null: at 0.
  const std::uint32_t* segment_offsets;
  const std::uint8_t* in;  // steps in bytes
  std::size_t lines, in_line_step, pixels, in_step;
  // Of each row, row_step (0 or 1) apart.
  const RowQuantization* rows;
  std::size_t row_step;
  float* out;  // steps in floats
  std::size_t out_line_step, out_step;
  ClampRange clamp;
};

// Panels [first, last), even numbers.
void RunHybridGemm(const HybridGemm& gemm, std::size_t first, std::size_t last);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_CPU_HYBRID_GEMM_H_
