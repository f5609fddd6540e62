// Functions of two straight pieces on int8, uint8 and int16, x' = x - x_zero:
//
//   y = clamp(y_zero + rescale(x'))             x' >= 0
//   y = clamp(y_zero ± rescale_below(x'))       x' < 0
//
//   Relu, Relu6, ReluN1To1   one rescaling; the clamp is the activation's
//   LeakyRelu                below 0 also times alpha, which may be negative
//   Abs                      below 0 negated
//
// 8 bits: a table of all 256 inputs, made in Prepare. Rescaling saturates, so
// that no scale can overflow.
//
// LeakyRelu reads alpha.

#include <cmath>

#include "runtime/kernels/elementwise/lookup_table.h"

namespace sotto::runtime {
namespace {

struct TwoPieces {
  std::int32_t x_zero, y_zero;
  FixedPoint above, below;
  std::int32_t sign_below;
  QuantizedRange range;

  std::int32_t At(std::int32_t stored) const {
    const std::int32_t x = stored - x_zero;
    // Of at most 2^31 - 1, so that the sign can be turned.
    const std::int64_t scaled =
        x >= 0 ? Requantize(x, above)
               : std::int64_t{sign_below} * Requantize(x, below);
    return Offset(SaturateToInt32(scaled), y_zero, range);
  }
};

StatusCode Check(PrepareContext& context, Op& op) {
  StatusCode code = PrepareUnary(context, op, kQuantizedTypes);
  if (code == StatusCode::kOk) code = CheckQuantized(context, op);
  return code;
}

StatusCode MakeState(PrepareContext& context, Op& op, const TwoPieces& pieces) {
  if (op.inputs[0]->type != ElementType::kInt16) {
    return MakeByteTable(context, op,
                         [&](std::int32_t x) { return pieces.At(x); });
  }
  auto* state = context.AllocateState<TwoPieces>();
  if (state == nullptr) {
    return context.Fail(StatusCode::kResourceExhausted, "arena");
  }
  *state = pieces;
  op.state = state;
  return StatusCode::kOk;
}

// One rescaling and the whole range; the factor in single precision, as the
// format's converters compute it.
TwoPieces Straight(const Op& op) {
  const TensorQuantization &x = op.inputs[0]->quantization,
                           &y = op.outputs[0]->quantization;
  const FixedPoint factor = ToFixedPoint(*x.scale / *y.scale);
  return {.x_zero = x.zero_point,
          .y_zero = y.zero_point,
          .above = factor,
          .below = factor,
          .sign_below = 1,
          .range = RangeOf(op.outputs[0]->type)};
}

template <Activation kind>
StatusCode PrepareRelu(PrepareContext& context, Op& op) {
  const StatusCode code = Check(context, op);
  if (code != StatusCode::kOk) return code;
  TwoPieces pieces = Straight(op);
  pieces.range = ActivationRange(kind, op.outputs[0]->type,
                                 *op.outputs[0]->quantization.scale,
                                 op.outputs[0]->quantization.zero_point);
  return MakeState(context, op, pieces);
}

StatusCode PrepareLeakyRelu(PrepareContext& context, Op& op) {
  const StatusCode code = Check(context, op);
  if (code != StatusCode::kOk) return code;
  const float alpha = op.options.alpha;
  if (!std::isfinite(alpha)) {
    return context.Fail(StatusCode::kInvalidArgument, "alpha is not finite");
  }
  TwoPieces pieces = Straight(op);
  pieces.below =
      ToFixedPoint(*op.inputs[0]->quantization.scale * std::fabs(alpha) /
                   *op.outputs[0]->quantization.scale);
  pieces.sign_below = alpha < 0.0f ? -1 : 1;
  return MakeState(context, op, pieces);
}

StatusCode PrepareAbs(PrepareContext& context, Op& op) {
  const StatusCode code = Check(context, op);
  if (code != StatusCode::kOk) return code;
  TwoPieces pieces = Straight(op);
  pieces.sign_below = -1;
  return MakeState(context, op, pieces);
}

StatusCode Eval(EvalContext& context, const Op& op) {
  if (op.inputs[0]->type != ElementType::kInt16) {
    return EvalByteTable(context, op);
  }
  const TwoPieces pieces = *static_cast<const TwoPieces*>(op.state);
  ApplyUnary<std::int16_t, std::int16_t>(op, [pieces](std::int16_t x) {
    return static_cast<std::int16_t>(pieces.At(x));
  });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kReluQuantized = {PrepareRelu<Activation::kRelu>, Eval};
extern const Kernel kReluN1To1Quantized = {PrepareRelu<Activation::kReluN1To1>,
                                           Eval};
extern const Kernel kRelu6Quantized = {PrepareRelu<Activation::kRelu6>, Eval};
extern const Kernel kLeakyReluQuantized = {PrepareLeakyRelu, Eval};
extern const Kernel kAbsQuantized = {PrepareAbs, Eval};

}  // namespace sotto::runtime
