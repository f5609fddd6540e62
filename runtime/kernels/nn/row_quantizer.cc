#include "runtime/kernels/nn/row_quantizer.h"

#include <algorithm>
#include <cmath>

namespace sotto::runtime {
namespace {

RowQuantization Symmetric(float low, float high) {
  const float largest = std::max(-low, high);
  return {.scale = largest / 127.0f, .zero = 0, .inverse = 127.0f / largest};
}

RowQuantization Asymmetric(double low, double high) {
  const double scale = (high - low) / 255.0;
  // Of the two ends of the range, the nearer to 0 gives the more exact zero.
  const double from_low = -128.0 - low / scale;
  const double from_high = 127.0 - high / scale;
  const bool low_is_nearer = 128.0 - low / scale < 127.0 + high / scale;
  const double zero = low_is_nearer ? from_low : from_high;
  return {.scale = static_cast<float>(scale),
          .zero = RoundInto(static_cast<float>(std::round(zero)),
                            RangeOf(ElementType::kInt8)),
          .inverse = 1.0f / static_cast<float>(scale)};
}

}  // namespace

RowQuantization QuantizationOf(float low, float high, bool asymmetric) {
  if (low == high) return {.scale = 1.0f, .zero = 0, .inverse = 0.0f};
  return asymmetric ? Asymmetric(low, high) : Symmetric(low, high);
}

RowQuantization QuantizeRow(const float* x, std::size_t size, bool asymmetric,
                            std::int8_t* q) {
  float low = 0.0f, high = 0.0f;
  for (std::size_t i = 0; i < size; ++i) {
    low = std::min(low, x[i]);
    high = std::max(high, x[i]);
  }
  const RowQuantization row = QuantizationOf(low, high, asymmetric);
  for (std::size_t i = 0; i < size; ++i) {
    q[i] = static_cast<std::int8_t>(
        RoundInto(static_cast<float>(row.zero) + x[i] * row.inverse,
                  RowRange(asymmetric)));
  }
  return row;
}

}  // namespace sotto::runtime
