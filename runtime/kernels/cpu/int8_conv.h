// A convolution of 8-bit images as products with packed weights: how it is cut
// into pieces that stay in the cache, and one piece.
//
// A 1 x 1 filter of stride 1 takes pixels as rows, wherever they lie. Others
// copy the lines of input under some lines of output, padded and as u8; a row
// is then filter_h segments of filter_w * channels bytes, one after another in
// memory, and neighbouring pixels are neighbouring rows: no patches are made.
// With dilation_w > 1 each tap is a segment.

#ifndef SOTTO_RUNTIME_KERNELS_CPU_INT8_CONV_H_
#define SOTTO_RUNTIME_KERNELS_CPU_INT8_CONV_H_

#include <cstddef>
#include <cstdint>

#include "runtime/core/kernel.h"
#include "runtime/kernels/cpu/int8_gemm.h"
#include "runtime/kernels/cpu/int8_weights.h"
#include "runtime/kernels/window.h"

namespace sotto::runtime {

struct Int8Conv {
  Window window;
  std::size_t batch, segment_size;
  Int8GemmShape shape;
  Int8Clamp clamp;
  std::uint8_t flip;     // x to u8, s8 to y
  std::uint8_t padding;  // as u8
  std::int32_t excess;   // of the true weights over packed ones
  bool pointwise;        // rows are pixels of x
  bool in_place;         // pointwise, and x need not be copied
  // Rows (pixels, or lines of output) of one piece, bytes of its buffer, and
  // scratch of a worker: the buffer, then a sum a row where excess != 0.
  std::size_t piece, buffer_bytes, worker_bytes;

  std::size_t rows() const {
    const std::size_t lines = batch * static_cast<std::size_t>(window.out_h);
    return pointwise ? lines * static_cast<std::size_t>(window.out_w) : lines;
  }
  // One row on one thread, roughly.
  std::size_t RowNanoseconds() const;
  // segment_offsets of RunInt8Gemm: this many after the struct.
  std::uint32_t* offsets() {
    return reinterpret_cast<std::uint32_t*>(this + 1);
  }
  const std::uint32_t* offsets() const {
    return reinterpret_cast<const std::uint32_t*>(this + 1);
  }
};

// Allocates the state. Null with a reason in the context: out of range or out
// of memory, `code` says which.
Int8Conv* PlanInt8Conv(PrepareContext& context, const Window& window,
                       std::size_t batch, const Int8Weights& weights,
                       Activation activation, StatusCode* code);

// Rows [begin, end) of y.
void RunInt8Conv(const Int8Conv& conv, const std::uint8_t* x,
                 const std::uint8_t* packed, std::size_t begin, std::size_t end,
                 std::uint8_t* scratch, std::uint8_t* y);

// Eval of the kernels whose state is an Int8Conv: x of op.inputs[0], y the one
// output, RunInt8Conv's scratch for each worker.
StatusCode EvalInt8Conv(EvalContext& context, const Op& op);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_CPU_INT8_CONV_H_
