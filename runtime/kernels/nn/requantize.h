// Fixed-point rescaling of integer accumulators, the one place for it: every
// quantised kernel, plain or vectorised, gives these bits.
//
//   factor  ~  multiplier / 2^31 * 2^shift,  multiplier not negative; that of
//                                            ToFixedPoint 0 or from 2^30 up
//
// Requantize(int32) rounds twice, as the .tflite operators are defined:
//   high   = round(acc * 2^max(shift, 0) * multiplier / 2^31)  halves upwards
//   result = round(high / 2^max(-shift, 0))            halves away from zero
// Requantize(int64), that of 16-bit activations, rounds once, halves upwards,
// with the multiplier's upper 16 bits:
//   result = round(acc * round(multiplier / 2^16) / 2^(15 - shift))
//
// Overflow: every input is legal. Where a value would leave the int32 range it
// saturates; accumulators of 64 bits saturate to 48 first, so that their
// product with 15 bits stays below 2^62.

#ifndef SOTTO_RUNTIME_KERNELS_NN_REQUANTIZE_H_
#define SOTTO_RUNTIME_KERNELS_NN_REQUANTIZE_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "runtime/core/tensor.h"
#include "runtime/kernels/activation.h"

namespace sotto::runtime {

struct FixedPoint {
  std::int32_t multiplier = 0;
  std::int32_t shift = 0;  // in [-31, 30]
};

inline std::int32_t SaturateToInt32(std::int64_t value) {
  return static_cast<std::int32_t>(
      std::clamp<std::int64_t>(value, std::numeric_limits<std::int32_t>::min(),
                               std::numeric_limits<std::int32_t>::max()));
}

// The nearest fixed-point number, halves away from zero. Factors below 2^-32,
// negative ones and NaN give 0; those from 2^30 on the largest number.
inline FixedPoint ToFixedPoint(double factor) {
  if (!(factor > 0.0)) return {};
  constexpr FixedPoint kLargest = {std::numeric_limits<std::int32_t>::max(),
                                   30};
  if (!(factor < 0x1p30)) return kLargest;
  int shift = 0;
  const double fraction = std::frexp(factor, &shift);
  auto multiplier = static_cast<std::int64_t>(std::round(fraction * 0x1p31));
  if (multiplier == std::int64_t{1} << 31) {
    multiplier /= 2;
    ++shift;
  }
  if (shift < -31) return {};
  if (shift > 30) return kLargest;
  return {static_cast<std::int32_t>(multiplier), shift};
}

// round(a * b / 2^31), halves upwards; -2^31 times itself saturates.
inline std::int32_t SaturatingRoundingDoublingHighMul(std::int32_t a,
                                                      std::int32_t b) {
  const std::int64_t product = std::int64_t{a} * b;
  return SaturateToInt32((product + (std::int64_t{1} << 30)) >> 31);
}

// round(value / 2^exponent), halves away from zero; exponent in [0, 31].
inline std::int32_t RoundingDivideByPowerOfTwo(std::int32_t value,
                                               std::int32_t exponent) {
  const std::int64_t wide = value;
  const std::int64_t half = (std::int64_t{1} << exponent) >> 1;
  return static_cast<std::int32_t>((wide + half - (value < 0 && half != 0)) >>
                                   exponent);
}

inline std::int32_t Requantize(std::int32_t acc, FixedPoint factor) {
  const std::int32_t left = std::max(factor.shift, 0);
  const std::int32_t shifted =
      SaturateToInt32(std::int64_t{acc} * (std::int64_t{1} << left));
  return RoundingDivideByPowerOfTwo(
      SaturatingRoundingDoublingHighMul(shifted, factor.multiplier),
      left - factor.shift);
}

inline std::int32_t Requantize(std::int64_t acc, FixedPoint factor) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 47;
  const std::int64_t reduced =
      factor.multiplier < 0x7FFF0000
          ? (factor.multiplier + (std::int32_t{1} << 15)) >> 16
          : 0x7FFF;
  const std::int64_t product = std::clamp(acc, -kLimit, kLimit - 1) * reduced;
  const std::int32_t right = 15 - factor.shift;  // in [-15, 46]
  if (right >= 1) {
    return SaturateToInt32((product + (std::int64_t{1} << (right - 1))) >>
                           right);
  }
  return SaturateToInt32(SaturateToInt32(product) *
                         (std::int64_t{1} << -right));
}

struct QuantizedRange {
  std::int32_t low, high;
};

// Of the quantised element types: uint8, int8, int16, int32. Empty otherwise.
inline constexpr QuantizedRange RangeOf(ElementType type) {
  switch (type) {
    case ElementType::kUint8:
      return {0, 255};
    case ElementType::kInt8:
      return {-128, 127};
    case ElementType::kInt16:
      return {-32768, 32767};
    case ElementType::kInt32:
      return {std::numeric_limits<std::int32_t>::min(),
              std::numeric_limits<std::int32_t>::max()};
    default:
      return {0, -1};
  }
}

// round(value), halves away from zero, within [low, high]; NaN gives 0 within
// them.
inline std::int32_t RoundInto(float value, QuantizedRange range) {
  if (!(value == value)) return std::clamp(0, range.low, range.high);
  // 2^31 is a float; 2^31 - 1 is not.
  const float rounded = std::round(value);
  if (rounded >= 0x1p31f) return range.high;
  if (rounded < -0x1p31f) return range.low;
  return std::clamp(static_cast<std::int32_t>(rounded), range.low, range.high);
}

// value + zero_point within [low, high].
inline std::int32_t Offset(std::int32_t value, std::int32_t zero_point,
                           QuantizedRange range) {
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(
      std::int64_t{value} + zero_point, range.low, range.high));
}

// The stored value of `value`: round(value / scale) + zero_point, saturated;
// NaN is taken for 0.
inline std::int32_t Quantize(float value, float scale, std::int32_t zero_point,
                             QuantizedRange range) {
  return Offset(RoundInto(value / scale, RangeOf(ElementType::kInt32)),
                zero_point, range);
}

// The stored values that a fused clamp leaves to an output of this type. With
// a zero point of the type's range low <= high.
inline QuantizedRange ActivationRange(Activation activation, ElementType type,
                                      float scale, std::int32_t zero_point) {
  const QuantizedRange all = RangeOf(type);
  const ClampRange clamp = RangeOf(activation);
  QuantizedRange range = all;
  if (clamp.low > -std::numeric_limits<float>::infinity()) {
    range.low = Quantize(clamp.low, scale, zero_point, all);
  }
  if (clamp.high < std::numeric_limits<float>::infinity()) {
    range.high = Quantize(clamp.high, scale, zero_point, all);
  }
  return range;
}

// A usable scale: finite and positive.
inline bool IsScale(float scale) {
  return scale > 0.0f && scale <= std::numeric_limits<float>::max();
}

// One scale for the whole tensor, zero point inside its type.
inline bool IsQuantizedPerTensor(const Tensor& t) {
  const QuantizedRange range = RangeOf(t.type);
  const TensorQuantization& q = t.quantization;
  return q.count == 1 && q.scale != nullptr && IsScale(q.scale[0]) &&
         q.zero_point >= range.low && q.zero_point <= range.high;
}

// One scale per slice of `dimension`, or one for all; zero point 0.
inline bool IsQuantizedSymmetric(const Tensor& t, std::size_t dimension) {
  const TensorQuantization& q = t.quantization;
  if (q.scale == nullptr || q.count < 1 || q.zero_point != 0) return false;
  if (q.count > 1 && (dimension >= t.shape.rank ||
                      q.dimension != static_cast<std::int32_t>(dimension) ||
                      q.count != t.shape[dimension])) {
    return false;
  }
  for (std::int32_t c = 0; c < q.count; ++c) {
    if (!IsScale(q.scale[c])) return false;
  }
  return true;
}

// Scale of slice `i` of such a tensor.
inline float ScaleOf(const Tensor& t, std::size_t i) {
  return t.quantization.scale[t.quantization.count == 1 ? 0 : i];
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_NN_REQUANTIZE_H_
