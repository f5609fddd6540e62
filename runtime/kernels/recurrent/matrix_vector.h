// Products of a weight matrix and a vector, for the recurrent operators: f32
// weights, or int8 weights with the f32 vector quantised on the way (hybrid).
//
//   hybrid: y[r] += x_scale * w_scale[r] * sum_i (q[i] - x_zero) * w[r][i]
//
// Sums are of 32 bits: a vector of up to 2^16 elements cannot overflow them.

#ifndef SOTTO_RUNTIME_KERNELS_RECURRENT_MATRIX_VECTOR_H_
#define SOTTO_RUNTIME_KERNELS_RECURRENT_MATRIX_VECTOR_H_

#include <cstddef>
#include <cstdint>

#include "runtime/core/kernel.h"

namespace sotto::runtime {

inline constexpr std::size_t kMaxQuantizedLength = 1 << 16;

// sum_i a[i] * b[i] in sixteen running sums, which compilers turn into vectors.
inline float DotF32(const float* a, const float* b, std::size_t size) {
  constexpr std::size_t kLanes = 16;
  float sums[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (std::size_t l = 0; l < kLanes; ++l) sums[l] += a[i + l] * b[i + l];
  }
  float total = 0.0f;
  for (; i < size; ++i) total += a[i] * b[i];
  for (std::size_t width = kLanes / 2; width > 0; width /= 2) {
    for (std::size_t l = 0; l < width; ++l) sums[l] += sums[l + width];
  }
  return total + sums[0];
}

// sum_i (a[i] - zero) * b[i].
inline std::int32_t DotS8(const std::int8_t* a, std::int32_t zero,
                          const std::int8_t* b, std::size_t size) {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < size; ++i) sum += (a[i] - zero) * b[i];
  return sum;
}

// A vector as the matrices of one op want it.
struct Operand {
  const float* values = nullptr;
  const std::int8_t* bytes = nullptr;  // null: f32 weights
  float scale = 1.0f;
  std::int32_t zero_point = 0;
};

struct QuantizeInputs {
  bool enabled = false;  // the weights are int8
  bool asymmetric = false;
};

// bytes: room for `size` elements where the weights are int8. Symmetric: the
// largest magnitude becomes 127. Asymmetric: [min, max], which includes 0,
// becomes [-128, 127] with the nearest zero point. A NaN gives 0.
Operand MakeOperand(const float* values, std::size_t size,
                    QuantizeInputs quantize, std::int8_t* bytes);

// y[r] += w[r] . x, for all rows of w [rows, size].
void AccumulateProduct(const Tensor& w, const Operand& x, float* y);

// Whether w is a [rows, columns] matrix that AccumulateProduct takes: f32, or
// int8 with its scales.
bool IsMatrix(const Tensor& w, ElementType type, std::int64_t rows,
              std::int64_t columns);

// In place: the fused activations, kTanh among them.
void ActivateRecurrent(Activation activation, float* values, std::size_t size);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_RECURRENT_MATRIX_VECTOR_H_
