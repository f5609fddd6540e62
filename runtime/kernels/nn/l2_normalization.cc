// L2_NORMALIZATION over the last dimension:
//
//   y[i] = x[i] / sqrt(sum over j of x[j]^2), zeros for a row of zeros
//
//   in 0   x  [..., depth]  f32, int8 or uint8 (one scale)
//   out 0  y  [..., depth]  of the same type; integers of scale 1/128 and zero
//                           point 0 (int8) or 128 (uint8)
//
// f32 divides by at least 1e-6. The scale of an integer x cancels; its sum of
// squares is exact: at most 2^31 terms below 2^16. Its factor, 1 / sqrt, is a
// fixed-point number of 28 bits with a shift; int8 multiplies by 128 in the
// shift, uint8 before, as the .tflite operators do: the rounding of the high
// product, of few bits, costs up to one step. Takes no fused activation.

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "runtime/kernels/nn/row_operator.h"

namespace sotto::runtime {
namespace {

template <ElementType kType>
StatusCode Prepare(PrepareContext& context, Op& op) {
  if (op.options.activation != Activation::kNone) {
    return context.Fail(StatusCode::kUnimplemented, "a fused activation");
  }
  const StatusCode code = PrepareRows(context, op, kType, kType);
  if (code != StatusCode::kOk) return code;
  if (kType != ElementType::kFloat32) {
    const TensorQuantization& q = op.outputs[0]->quantization;
    if (std::abs(q.scale[0] - 0x1p-7f) > 1e-3f * 0x1p-7f ||
        q.zero_point != (kType == ElementType::kInt8 ? 0 : 128)) {
      return context.Fail(
          StatusCode::kInvalidArgument,
          "y's scale is not 1/128, or its zero point no middle");
    }
  }
  context.AllowInPlace(0, 0);
  return StatusCode::kOk;
}

StatusCode EvalF32(EvalContext&, const Op& op) {
  ForEachRow<float, float>(op, [](const float* x, float* y, std::size_t size) {
    double sum = 0.0;
    for (std::size_t i = 0; i < size; ++i) sum += double{x[i]} * x[i];
    const double norm = std::max(std::sqrt(sum), 1e-6);
    for (std::size_t i = 0; i < size; ++i) {
      y[i] = static_cast<float>(x[i] / norm);
    }
  });
  return StatusCode::kOk;
}

// 1 / sqrt(sum) for a sum below 2^47: with n such that sum * 4^n lies in
// [2^27, 2^29), the shift is n - 11 and the multiplier in [2^27.5, 2^28.5].
// Sums so small that the shift would be positive scale the multiplier instead.
FixedPoint InverseSquareRoot(std::int64_t sum) {
  if (sum <= 1) return {std::numeric_limits<std::int32_t>::max(), 0};
  const int log2 = std::bit_width(static_cast<std::uint64_t>(sum)) - 1;
  const int shift = ((28 - log2) >> 1) - 11;
  const double inverse = 1.0 / std::sqrt(static_cast<double>(sum));
  return {static_cast<std::int32_t>(
              std::round(std::ldexp(inverse, 31 - std::min(shift, 0)))),
          std::min(shift, 0)};
}

template <typename T>
StatusCode EvalInteger(EvalContext&, const Op& op) {
  const std::int32_t x_zero = op.inputs[0]->quantization.zero_point;
  const TensorQuantization& q = op.outputs[0]->quantization;
  const QuantizedRange range = RangeOf(op.outputs[0]->type);
  ForEachRow<T, T>(op, [&](const T* x, T* y, std::size_t size) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const std::int32_t value = x[i] - x_zero;
      sum += value * value;
    }
    // Values lie within 255, so 128 times them within 2^15.
    FixedPoint factor = InverseSquareRoot(sum);
    constexpr bool kIsInt8 = std::is_signed_v<T>;
    if (kIsInt8) factor.shift += 7;
    for (std::size_t i = 0; i < size; ++i) {
      const std::int32_t value = (x[i] - x_zero) * (kIsInt8 ? 1 : 128);
      y[i] = static_cast<T>(
          Offset(Requantize(value, factor), q.zero_point, range));
    }
  });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kL2NormalizationF32Reference = {
    Prepare<ElementType::kFloat32>, EvalF32};
extern const Kernel kL2NormalizationS8Reference = {Prepare<ElementType::kInt8>,
                                                   EvalInteger<std::int8_t>};
extern const Kernel kL2NormalizationU8Reference = {Prepare<ElementType::kUint8>,
                                                   EvalInteger<std::uint8_t>};

}  // namespace sotto::runtime
