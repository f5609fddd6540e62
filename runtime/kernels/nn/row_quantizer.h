// Hybrid kernels bring each row of floats (an image, a row of a matrix) to int8
// when they meet it:
//
//   symmetric   scale = max|x| / 127                   zero = 0
//   asymmetric  scale = (high - low) / 255, the range widened to hold 0;
//               zero = -128 - low / scale, rounded
//   q[i] = clamp(round(x[i] / scale) + zero)
//
// A row of zeros gives zeros and scale 1. Rows with NaN or infinities give some
// int8 values and a scale that need not be finite.

#ifndef SOTTO_RUNTIME_KERNELS_NN_ROW_QUANTIZER_H_
#define SOTTO_RUNTIME_KERNELS_NN_ROW_QUANTIZER_H_

#include <cstddef>
#include <cstdint>

namespace sotto::runtime {

struct RowQuantization {
  float scale;
  std::int32_t zero;
};

RowQuantization QuantizeRow(const float* x, std::size_t size, bool asymmetric,
                            std::int8_t* q);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_NN_ROW_QUANTIZER_H_
