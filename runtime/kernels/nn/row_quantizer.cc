#include "runtime/kernels/nn/row_quantizer.h"

#include <algorithm>
#include <cmath>

#include "runtime/kernels/nn/requantize.h"

namespace sotto::runtime {
namespace {

RowQuantization Symmetric(float low, float high) {
  return {.scale = std::max(-low, high) / 127.0f, .zero = 0};
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
                            RangeOf(ElementType::kInt8))};
}

}  // namespace

RowQuantization QuantizeRow(const float* x, std::size_t size, bool asymmetric,
                            std::int8_t* q) {
  float low = 0.0f, high = 0.0f;
  for (std::size_t i = 0; i < size; ++i) {
    low = std::min(low, x[i]);
    high = std::max(high, x[i]);
  }
  if (low == high) {
    std::fill(q, q + size, std::int8_t{0});
    return {.scale = 1.0f, .zero = 0};
  }
  const RowQuantization row =
      asymmetric ? Asymmetric(low, high) : Symmetric(low, high);
  const QuantizedRange range = {asymmetric ? -128 : -127, 127};
  const float inverse =
      asymmetric ? 1.0f / row.scale : 127.0f / std::max(-low, high);
  for (std::size_t i = 0; i < size; ++i) {
    q[i] = static_cast<std::int8_t>(
        RoundInto(static_cast<float>(row.zero) + x[i] * inverse, range));
  }
  return row;
}

}  // namespace sotto::runtime
