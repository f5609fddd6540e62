// Dequantize to f32:
//
//   int8, uint8, int16, int32   y = scale * (x - zero point), one scale or one
//                               per slice of a dimension (then zero point 0)
//   f16                         exact

#include "runtime/kernels/elementwise/half.h"
#include "runtime/kernels/elementwise/operands.h"

namespace sotto::runtime {
namespace {

constexpr TypeSet kStored = kQuantizedTypes | TypesOf(ElementType::kInt32);

StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code =
      PrepareUnary(context, op, kStored | TypesOf(ElementType::kFloat16),
                   ElementType::kFloat32);
  if (code != StatusCode::kOk) return code;
  const Tensor& x = *op.inputs[0];
  if (x.type == ElementType::kFloat16) return StatusCode::kOk;
  const std::int32_t dimension = x.quantization.dimension;
  if (!IsQuantizedPerTensor(x) &&
      (dimension < 0 ||
       !IsQuantizedSymmetric(x, static_cast<std::size_t>(dimension)))) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "scales or zero point of the input");
  }
  return StatusCode::kOk;
}

template <typename T>
void PerTensor(const Op& op) {
  const TensorQuantization& q = op.inputs[0]->quantization;
  const float scale = *q.scale;
  if constexpr (sizeof(T) < 4) {
    const std::int32_t zero = q.zero_point;
    ApplyUnary<T, float>(
        op, [=](T x) { return scale * static_cast<float>(x - zero); });
  } else {
    const std::int64_t zero = q.zero_point;
    ApplyUnary<T, float>(
        op, [=](T x) { return scale * static_cast<float>(x - zero); });
  }
}

template <typename T>
void PerSlice(const Op& op) {
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  const auto dimension = static_cast<std::size_t>(x.quantization.dimension);
  const std::size_t size = x.shape.Elements();
  const std::size_t run = x.shape.ElementsFrom(dimension + 1);
  const auto slices = static_cast<std::size_t>(x.shape[dimension]);
  for (std::size_t at = 0, slice = 0; at < size; at += run) {
    const float scale = x.quantization.scale[slice];
    for (std::size_t i = at; i < at + run; ++i) {
      y.floats()[i] = scale * static_cast<float>(x.as<const T>()[i]);
    }
    if (++slice == slices) slice = 0;
  }
}

template <typename T>
void EvalAs(const Op& op) {
  if (op.inputs[0]->quantization.count == 1) {
    PerTensor<T>(op);
  } else {
    PerSlice<T>(op);
  }
}

StatusCode Eval(EvalContext&, const Op& op) {
  switch (op.inputs[0]->type) {
    case ElementType::kFloat16:
      ApplyUnary<std::uint16_t, float>(op, HalfToFloat);
      break;
    case ElementType::kInt8:
      EvalAs<std::int8_t>(op);
      break;
    case ElementType::kUint8:
      EvalAs<std::uint8_t>(op);
      break;
    case ElementType::kInt16:
      EvalAs<std::int16_t>(op);
      break;
    default:
      EvalAs<std::int32_t>(op);
      break;
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kDequantize = {Prepare, Eval};

}  // namespace sotto::runtime
