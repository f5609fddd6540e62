// L2_NORMALIZATION over the last dimension:
//
//   y[i] = x[i] / sqrt(sum over j of x[j]^2), zeros for a row of zeros
//
//   in 0   x  [..., depth]  f32, int8 or uint8 (one scale)
//   out 0  y  [..., depth]  of the same type, any scale of its own
//
// f32 divides by at least 1e-6. The scale of an integer x cancels; its sum of
// squares is exact: at most 2^31 terms below 2^16. Takes no fused activation.

#include <algorithm>
#include <cmath>

#include "runtime/kernels/nn/row_operator.h"

namespace sotto::runtime {
namespace {

template <ElementType kType>
StatusCode Prepare(PrepareContext& context, Op& op) {
  if (op.options.activation != Activation::kNone) {
    return context.Fail(StatusCode::kUnimplemented, "a fused activation");
  }
  const StatusCode code = PrepareRows(context, op, kType, kType);
  if (code == StatusCode::kOk) context.AllowInPlace(0, 0);
  return code;
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
    const double norm =
        std::sqrt(static_cast<double>(std::max<std::int64_t>(sum, 1)));
    for (std::size_t i = 0; i < size; ++i) {
      const auto value = static_cast<float>((x[i] - x_zero) / norm);
      y[i] = static_cast<T>(Quantize(value, q.scale[0], q.zero_point, range));
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
