// How 8-bit weights are brought into the panels of int8_gemm.h: whole vectors
// at a time, since the first inference waits for it.

#ifndef SOTTO_RUNTIME_KERNELS_CPU_INT8_PACK_H_
#define SOTTO_RUNTIME_KERNELS_CPU_INT8_PACK_H_

#include <cstddef>
#include <cstdint>

#include "runtime/kernels/cpu/int8_channels.h"

namespace sotto::runtime {

// Stored bytes become u8 numbers u when xored with flip (0x80: they are s8);
// the true integer is u - zero, with zero in [0, 255].
struct Int8Stored {
  std::uint8_t flip, zero;
};

// Sums of `size` weights that lie one after the other.
Int8WeightSums SumInt8Weights(const std::uint8_t* weights, std::size_t size,
                              Int8Stored stored);

// Up to 16 rows of `size` bytes, `row_step` bytes apart, xored with `flip`, as
// quads: byte i of row r goes to quads[i / 4 * 64 + r * 4 + i % 4]. Zeros
// behind the last byte of a row, to a whole quad, and for the missing rows.
void PackInt8Quads(const std::uint8_t* rows, std::size_t row_step,
                   std::size_t count, std::size_t size, std::uint8_t flip,
                   std::uint8_t* quads);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_CPU_INT8_PACK_H_
