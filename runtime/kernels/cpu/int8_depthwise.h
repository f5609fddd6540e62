// A depthwise convolution of 8-bit images, one weight a channel and tap: how it
// is cut into pieces, packed, and one piece. Lines of input are copied as u8
// with their padding, so that no tap lies outside.
//
// Results are made 64 bytes at a time from 64 neighbouring bytes of each tap;
// four taps' bytes, interleaved, are the four products of a 32-bit lane. Blocks
// of 64 lie along the channels of a pixel, the last one cut short; with
// stride_w 1, lines of input and output are alike, and where channels are no
// multiple of 64 blocks lie along the line instead, wherever a pixel ends.
//
// Packed: for each block four Int8Channels, then per four taps four vectors of
// 16 x 4 weights. Interleaving within 128 bits leaves lane l of vector v with
// channel 16 * (l / 4) + 4 * v + l % 4 of the block. Weights beyond s8 (uint8
// ones, zero point taken off, may be) are sums of two, one after the other.

#ifndef SOTTO_RUNTIME_KERNELS_CPU_INT8_DEPTHWISE_H_
#define SOTTO_RUNTIME_KERNELS_CPU_INT8_DEPTHWISE_H_

#include <cstddef>
#include <cstdint>

#include "runtime/core/kernel.h"
#include "runtime/kernels/cpu/int8_weights.h"
#include "runtime/kernels/window.h"

namespace sotto::runtime {

constexpr std::size_t kInt8Block = 64;

struct Int8Depthwise {
  Window window;
  std::size_t batch;
  bool along_line;
  std::size_t blocks;  // that repeat along the line, or of a pixel
  std::size_t quads;   // of taps
  std::size_t terms;   // of a weight: 1 or 2
  Int8Clamp clamp;
  std::uint8_t flip, padding;
  std::size_t piece, worker_bytes;  // lines of output; scratch

  std::size_t block_bytes() const {
    return 4 * sizeof(Int8Channels) + quads * terms * 4 * kInt8Block;
  }
  std::size_t packed_bytes() const { return blocks * block_bytes(); }
  std::size_t rows() const {
    return batch * static_cast<std::size_t>(window.out_h);
  }
  std::size_t line_bytes() const {
    return static_cast<std::size_t>(window.out_w) *
           static_cast<std::size_t>(window.channels);
  }
  std::size_t RowNanoseconds() const {
    // Two bytes of nine taps a nanosecond.
    return line_bytes() * (quads + 2) / 8 + 1;
  }
  // Where each tap starts, in bytes from that of the first: 4 * quads.
  std::uint32_t* offsets() {
    return reinterpret_cast<std::uint32_t*>(this + 1);
  }
  const std::uint32_t* offsets() const {
    return reinterpret_cast<const std::uint32_t*>(this + 1);
  }
};

// Allocates the state, `extra_bytes` more of it at `*extra`; null with a reason
// in the context and `code`.
Int8Depthwise* PlanInt8Depthwise(PrepareContext& context, const Window& window,
                                 std::size_t batch, const Int8Weights& weights,
                                 Activation activation, StatusCode* code,
                                 std::size_t extra_bytes = 0,
                                 void** extra = nullptr);

void PackInt8Depthwise(const Int8Depthwise& plan, const Int8Weights& weights,
                       std::uint8_t* packed);

// Lines [first, first + count) of image n, count <= piece, to `y`, results
// xored with `flip` after being made s8.
void RunInt8Depthwise(const Int8Depthwise& plan, const std::uint8_t* x,
                      const std::uint8_t* packed, std::size_t n,
                      std::size_t first, std::size_t count,
                      std::uint8_t* scratch, std::uint8_t flip,
                      std::uint8_t* y);

// One line of output from its first tap's first byte on.
void RunInt8DepthwiseLine(const Int8Depthwise& plan, const std::uint8_t* packed,
                          const std::uint8_t* in, std::uint8_t flip,
                          std::uint8_t* out);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_CPU_INT8_DEPTHWISE_H_
