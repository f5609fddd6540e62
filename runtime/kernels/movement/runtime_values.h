// Shapes, axes, begins and paddings that operators take as tensors: short
// vectors of int32 or int64, read into bounded arrays. The values are
// untrusted; what is read here is only counted and widened, and each helper
// below says what it checks.

#ifndef SOTTO_RUNTIME_KERNELS_MOVEMENT_RUNTIME_VALUES_H_
#define SOTTO_RUNTIME_KERNELS_MOVEMENT_RUNTIME_VALUES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "runtime/core/tensor.h"

namespace sotto::runtime {

// As many as a [kMaxRank, 2] tensor of paddings holds.
struct Integers {
  static constexpr std::size_t kMax = 2 * Shape::kMaxRank;

  std::size_t count = 0;
  std::array<std::int64_t, kMax> values = {};

  std::int64_t operator[](std::size_t i) const { return values[i]; }
};

inline bool IsIntegerList(const Tensor& t) {
  return t.type == ElementType::kInt32 || t.type == ElementType::kInt64;
}

// Element i of such a tensor.
inline std::int64_t IntegerAt(const Tensor& t, std::size_t i) {
  return t.type == ElementType::kInt64 ? t.as<const std::int64_t>()[i]
                                       : t.as<const std::int32_t>()[i];
}

// All elements of a tensor of any rank, in memory order. False: not int32 or
// int64, or more than Integers::kMax.
inline bool ReadIntegers(const Tensor& t, Integers* out) {
  if (!IsIntegerList(t) || t.shape.Elements() > Integers::kMax) return false;
  out->count = t.shape.Elements();
  for (std::size_t i = 0; i < out->count; ++i) {
    out->values[i] = IntegerAt(t, i);
  }
  return true;
}

// The only element of a tensor of any rank. False: another type or count.
inline bool ReadInteger(const Tensor& t, std::int64_t* out) {
  if (!IsIntegerList(t) || t.shape.Elements() != 1) return false;
  *out = IntegerAt(t, 0);
  return true;
}

// Negative axes count from the last. False: outside [-rank, rank).
inline bool ResolveAxis(std::int64_t axis, std::size_t rank, std::size_t* out) {
  const auto limit = static_cast<std::int64_t>(rank);
  if (axis < -limit || axis >= limit) return false;
  *out = static_cast<std::size_t>(axis < 0 ? axis + limit : axis);
  return true;
}

// Sets a dimension. False: negative or above 2^31 - 1.
inline bool SetDimension(std::int64_t value, std::int32_t* out) {
  if (value < 0 || value > std::numeric_limits<std::int32_t>::max()) {
    return false;
  }
  *out = static_cast<std::int32_t>(value);
  return true;
}

// A list of dimensions as a shape. False: more than kMaxRank of them, or one
// out of range.
inline bool ToShape(const Integers& list, Shape* out) {
  if (list.count > Shape::kMaxRank) return false;
  out->rank = list.count;
  for (std::size_t i = 0; i < list.count; ++i) {
    if (!SetDimension(list[i], &out->dims[i])) return false;
  }
  return true;
}

// Whether the product of the dimensions, those of 0 left out, is below 2^31.
// No partial product of such a shape overflows.
inline bool IsBounded(const Shape& shape) {
  std::int64_t product = 1;
  for (std::size_t i = 0; i < shape.rank; ++i) {
    if (shape[i] > 0) product *= shape[i];
    if (product > std::numeric_limits<std::int32_t>::max()) return false;
  }
  return true;
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_MOVEMENT_RUNTIME_VALUES_H_
