#include "runtime/kernels/recurrent/matrix_vector.h"

#include <algorithm>
#include <cmath>

#include "runtime/kernels/activation.h"
#include "runtime/kernels/nn/requantize.h"

namespace sotto::runtime {

Operand MakeOperand(const float* values, std::size_t size,
                    QuantizeInputs quantize, std::int8_t* bytes) {
  Operand x = {.values = values};
  if (!quantize.enabled) return x;
  x.bytes = bytes;
  float low = 0.0f, high = 0.0f;
  for (std::size_t i = 0; i < size; ++i) {
    if (values[i] < low) low = values[i];
    if (values[i] > high) high = values[i];
  }
  QuantizedRange range = {-127, 127};
  if (quantize.asymmetric) {
    range.low = -128;
    const double step = (double{high} - double{low}) / 255.0;
    if (step > 0.0) {
      x.scale = static_cast<float>(step);
      const double from_low = -128.0 - low / step,
                   from_high = 127.0 - high / step;
      const double low_error = 128.0 + std::abs(low / step);
      const double high_error = 127.0 + std::abs(high / step);
      x.zero_point = RoundInto(
          static_cast<float>(low_error < high_error ? from_low : from_high),
          range);
    }
  } else {
    const float largest = std::max(-low, high);
    if (largest > 0.0f) x.scale = largest / 127.0f;
  }
  // An input too small or too large for f32 arithmetic quantises to zeros.
  if (!IsScale(x.scale) || !IsScale(1.0f / x.scale)) x = {values, bytes};
  const float inverse = 1.0f / x.scale;
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::int8_t>(RoundInto(
        static_cast<float>(x.zero_point) + values[i] * inverse, range));
  }
  return x;
}

void AccumulateProduct(const Tensor& w, const Operand& x, float* y) {
  const auto rows = static_cast<std::size_t>(w.shape[0]);
  const auto size = static_cast<std::size_t>(w.shape[1]);
  if (x.bytes == nullptr) {
    const float* row = w.floats();
    for (std::size_t r = 0; r < rows; ++r, row += size) {
      y[r] += DotF32(row, x.values, size);
    }
    return;
  }
  const auto* row = w.as<const std::int8_t>();
  for (std::size_t r = 0; r < rows; ++r, row += size) {
    y[r] += static_cast<float>(DotS8(x.bytes, x.zero_point, row, size)) *
            (x.scale * ScaleOf(w, r));
  }
}

bool IsMatrix(const Tensor& w, ElementType type, std::int64_t rows,
              std::int64_t columns) {
  if (w.type != type || w.shape.rank != 2 || w.shape[0] != rows ||
      w.shape[1] != columns) {
    return false;
  }
  return type != ElementType::kInt8 ||
         (IsQuantizedSymmetric(w, 0) &&
          columns < static_cast<std::int64_t>(kMaxQuantizedLength));
}

void ActivateRecurrent(Activation activation, float* values, std::size_t size) {
  if (activation == Activation::kTanh) {
    for (std::size_t i = 0; i < size; ++i) values[i] = std::tanh(values[i]);
    return;
  }
  Activate(activation, values, size);
}

}  // namespace sotto::runtime
