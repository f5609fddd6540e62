// Rows of floats brought to 8 bits, bit for bit as nn/row_quantizer.h has it,
// in two passes:
//
//   QuantizationOf(range.low, range.high, asymmetric) of RangeOfFloats(x)
//
//   out[i] = q[i] + 128, or, for products in f32,
//   out[i] = q[i] - zero
//
// A range may be joined from those of parts. NaN counts as absent from a range
// and becomes q = 0.

#ifndef SOTTO_RUNTIME_KERNELS_CPU_HYBRID_ROWS_H_
#define SOTTO_RUNTIME_KERNELS_CPU_HYBRID_ROWS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "runtime/kernels/activation.h"
#include "runtime/kernels/nn/row_quantizer.h"

namespace sotto::runtime {

// Widened to hold 0.
struct FloatRange {
  float low = 0.0f, high = 0.0f;

  void Join(const FloatRange& other) {
    low = std::min(low, other.low);
    high = std::max(high, other.high);
  }
};
FloatRange RangeOfFloats(const float* x, std::size_t size);

void QuantizeFloats(const float* x, std::size_t size,
                    const RowQuantization& row, bool asymmetric,
                    std::uint8_t* out);
void QuantizeFloats(const float* x, std::size_t size,
                    const RowQuantization& row, bool asymmetric, float* out);
// Both passes over a row that is whole.
RowQuantization QuantizeWholeRow(const float* x, std::size_t size,
                                 bool asymmetric, std::uint8_t* out);

// Sums of such products made results, in place: pixels [pixels][channels],
//
//   y[p][c] = clamp(y[p][c] * scale[c] * x_scale + bias[c])
struct HybridFinish {
  const float *scale, *bias;  // [channels]
  std::size_t channels;
  float x_scale;
  ClampRange clamp;
};
void FinishFloats(const HybridFinish& finish, std::size_t pixels, float* y);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_CPU_HYBRID_ROWS_H_
