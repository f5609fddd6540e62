// Hybrid kernels bring each row of floats (an image, a row of a matrix) to int8
// when they meet it:
//
//   symmetric   scale = max|x| / 127                   zero = 0
//   asymmetric  scale = (high - low) / 255, the range widened to hold 0;
//               zero = -128 - low / scale, rounded
//   q[i] = clamp(round(zero + x[i] * inverse))           inverse = 1 / scale
//
// A row of zeros gives zeros, scale 1 and inverse 0. Rows with NaN or
// infinities give some int8 values and a scale that need not be finite.

#ifndef SOTTO_RUNTIME_KERNELS_NN_ROW_QUANTIZER_H_
#define SOTTO_RUNTIME_KERNELS_NN_ROW_QUANTIZER_H_

#include <cstddef>
#include <cstdint>

#include "runtime/kernels/nn/requantize.h"

namespace sotto::runtime {

struct RowQuantization {
  float scale;
  std::int32_t zero;
  float inverse;
};

// What q is clamped to.
inline constexpr QuantizedRange RowRange(bool asymmetric) {
  return {asymmetric ? -128 : -127, 127};
}
// Of a row within [low, high], low <= 0 <= high.
RowQuantization QuantizationOf(float low, float high, bool asymmetric);

RowQuantization QuantizeRow(const float* x, std::size_t size, bool asymmetric,
                            std::int8_t* q);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_NN_ROW_QUANTIZER_H_
