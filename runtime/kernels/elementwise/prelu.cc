// Prelu: y = x >= 0 ? x : alpha * x, alpha broadcast to x's shape.
//
//   in 0   x      f32, int8, uint8 or int16
//   in 1   alpha  x's type
//   out 0  y      x's type and shape
//
// Quantised: y = clamp(y_zero + rescale(x')) or
// clamp(y_zero + rescale_below(x' * alpha')), the primes less their zero
// points; those of int16 must be 0, so that the product is at most 2^30.

#include "runtime/kernels/elementwise/broadcast.h"
#include "runtime/kernels/elementwise/operands.h"

namespace sotto::runtime {
namespace {

struct PreluState {
  std::int32_t x_zero, alpha_zero, y_zero;
  FixedPoint above, below;
  QuantizedRange range;
};

StatusCode Check(PrepareContext& context, Op& op, TypeSet types) {
  const StatusCode code = PrepareBinary(context, op, types);
  if (code != StatusCode::kOk) return code;
  if (!(op.outputs[0]->shape == op.inputs[0]->shape)) {
    return context.Fail(StatusCode::kInvalidArgument, "alpha is larger than x");
  }
  return StatusCode::kOk;
}

StatusCode PrepareF32(PrepareContext& context, Op& op) {
  return Check(context, op, TypesOf(ElementType::kFloat32));
}

StatusCode EvalF32(EvalContext&, const Op& op) {
  ApplyBinary<float, float>(
      *op.inputs[0], *op.inputs[1], *op.outputs[0],
      [](float x, float alpha) { return x >= 0.0f ? x : alpha * x; });
  return StatusCode::kOk;
}

StatusCode PrepareQuantized(PrepareContext& context, Op& op) {
  StatusCode code = Check(context, op, kQuantizedTypes);
  if (code == StatusCode::kOk) code = CheckQuantized(context, op);
  if (code != StatusCode::kOk) return code;
  const TensorQuantization &x = op.inputs[0]->quantization,
                           &alpha = op.inputs[1]->quantization,
                           &y = op.outputs[0]->quantization;
  if (op.inputs[0]->type == ElementType::kInt16 &&
      (x.zero_point != 0 || alpha.zero_point != 0)) {
    return context.Fail(StatusCode::kUnimplemented,
                        "int16 with a zero point that is not 0");
  }
  auto* state = context.AllocateState<PreluState>();
  if (state == nullptr) {
    return context.Fail(StatusCode::kResourceExhausted, "arena");
  }
  *state = {.x_zero = x.zero_point,
            .alpha_zero = alpha.zero_point,
            .y_zero = y.zero_point,
            .above = ToFixedPoint(*x.scale / *y.scale),
            .below = ToFixedPoint(*x.scale * *alpha.scale / *y.scale),
            .range = RangeOf(op.outputs[0]->type)};
  op.state = state;
  return StatusCode::kOk;
}

template <typename T>
void EvalAs(const Op& op) {
  const PreluState s = *static_cast<const PreluState*>(op.state);
  ApplyBinary<T, T>(
      *op.inputs[0], *op.inputs[1], *op.outputs[0], [s](T x, T alpha) {
        const std::int32_t value = x - s.x_zero;
        const std::int32_t scaled =
            value >= 0 ? Requantize(value, s.above)
                       : Requantize(value * (alpha - s.alpha_zero), s.below);
        return static_cast<T>(Offset(scaled, s.y_zero, s.range));
      });
}

StatusCode EvalQuantized(EvalContext&, const Op& op) {
  switch (op.inputs[0]->type) {
    case ElementType::kInt8:
      EvalAs<std::int8_t>(op);
      break;
    case ElementType::kUint8:
      EvalAs<std::uint8_t>(op);
      break;
    default:
      EvalAs<std::int16_t>(op);
      break;
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kPreluReferenceF32 = {PrepareF32, EvalF32};
extern const Kernel kPreluQuantized = {PrepareQuantized, EvalQuantized};

}  // namespace sotto::runtime
