// What goes around a tensor: how much, and the element that stands for zero.

#ifndef SOTTO_RUNTIME_KERNELS_MOVEMENT_PADDINGS_H_
#define SOTTO_RUNTIME_KERNELS_MOVEMENT_PADDINGS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "runtime/kernels/movement/fill_elements.h"
#include "runtime/kernels/movement/late_shape.h"
#include "runtime/kernels/nn/requantize.h"

namespace sotto::runtime {

// In elements of each dimension.
struct Paddings {
  std::array<std::size_t, Shape::kMaxRank> before = {}, after = {};
};

// Reads input 1, [rank of input 0, 2], and gives the shape of the padded x.
inline Finding ReadPaddings(const Op& op, Paddings* out, Shape* padded) {
  const Shape& x = op.inputs[0]->shape;
  const Tensor& list = *op.inputs[1];
  Integers values;
  if (list.shape.rank != 2 ||
      list.shape[0] != static_cast<std::int32_t>(x.rank) ||
      list.shape[1] != 2 || !ReadIntegers(list, &values)) {
    return Invalid("paddings are not integers [rank of x, 2]");
  }
  *padded = x;
  for (std::size_t i = 0; i < x.rank; ++i) {
    std::int32_t before = 0, after = 0;
    if (!SetDimension(values[2 * i], &before) ||
        !SetDimension(values[2 * i + 1], &after) ||
        !SetDimension(std::int64_t{x[i]} + before + after, &padded->dims[i])) {
      return Invalid("a padding is negative or too large");
    }
    out->before[i] = static_cast<std::size_t>(before);
    out->after[i] = static_cast<std::size_t>(after);
  }
  if (!IsBounded(*padded)) return Invalid("y is too large");
  return {};
}

// Quantised tensors store their zero point for zero. False: it is outside the
// type.
inline bool HasStoredZero(const Tensor& t) {
  const QuantizedRange range = RangeOf(t.type);
  return t.quantization.count == 0 || range.low > range.high ||
         (t.quantization.zero_point >= range.low &&
          t.quantization.zero_point <= range.high);
}

inline Element StoredZero(const Tensor& t) {
  Element zero;
  zero.size = ElementBytes(t.type);
  const std::int32_t value = t.quantization.zero_point;
  if (t.quantization.count == 0) return zero;
  if (t.type == ElementType::kInt8 || t.type == ElementType::kUint8) {
    const auto stored = static_cast<std::uint8_t>(value);
    return ElementFrom(&stored, sizeof(stored));
  }
  if (t.type == ElementType::kInt16) {
    const auto stored = static_cast<std::int16_t>(value);
    return ElementFrom(&stored, sizeof(stored));
  }
  return zero;
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_MOVEMENT_PADDINGS_H_
