// Products of u8 activations with packed s8 weights, each sum rescaled, clamped
// and stored as one byte. Exact: sums have 32 bits and do not overflow
// (int8_channels.h), so the order of additions does not matter.
//
// Weights lie in panels of 16 output channels: an Int8Channels, then for each
// quad of four consecutive k its 16 x 4 bytes. k runs
// over segments, stretches of a row that are contiguous in memory, each padded
// to whole quads by zero weights: what the activations hold there is read and
// does not matter.

#ifndef SOTTO_RUNTIME_KERNELS_CPU_INT8_GEMM_H_
#define SOTTO_RUNTIME_KERNELS_CPU_INT8_GEMM_H_

#include <cstddef>
#include <cstdint>

#include "runtime/kernels/cpu/int8_channels.h"

namespace sotto::runtime {

struct Int8GemmShape {
  std::size_t segments, segment_quads;  // of k
  std::size_t channels;                 // of the output

  std::size_t panel_bytes() const {
    return sizeof(Int8Channels) + segments * segment_quads * 4 * kInt8Panel;
  }
  std::size_t panels() const {
    return (channels + kInt8Panel - 1) / kInt8Panel;
  }
};

// lines x pixels rows of activations and results.
struct Int8Gemm {
  Int8GemmShape shape;
  const std::uint8_t* panels;
  // Where each segment starts, in bytes from the row's start; null: at 0.
  const std::uint32_t* segment_offsets;
  const std::uint8_t* in;
  std::size_t lines, in_line_step;  // steps in bytes
  std::size_t pixels, in_step;
  std::uint8_t* out;
  std::size_t out_line_step, out_step;
  std::int8_t low = -128, high = 127;  // clamp of the results as s8
  std::uint8_t flip = 0;               // 0x80: results are stored as u8
  // Added to each row's sums: null, or lines x pixels values.
  const std::int32_t* row_sums = nullptr;
};

void RunInt8Gemm(const Int8Gemm& gemm);

// sums[line][pixel] = factor * sum of the row's activations under `ones`: one
// panel's quads (no Int8Channels) whose weights are 1, or 0 in the padding; a
// segment has segment_size bytes without it.
void SumInt8Rows(const Int8Gemm& gemm, const std::uint8_t* ones,
                 std::size_t segment_size, std::int32_t factor,
                 std::int32_t* sums);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_CPU_INT8_GEMM_H_
