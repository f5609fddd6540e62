// Mul, Div, SquaredDifference on quantised integers, with any numpy broadcast;
// x' is x - its zero point:
//
//   Mul   int8, uint8, int16   y = clamp(y_zero + rescale(a' * b'))
//   Div   uint8, int8          y = clamp(y_zero + round(factor * a' / b'))
//   SquaredDifference   int8   y = clamp(y_zero + rescale((a' - b')^2))
//
// |a' * b'| <= 65535^2 < 2^32 does not fit for int16 with zero points, so those
// must be 0: then it is at most 2^30. Div is computed in double precision,
// halves away from zero; b' = 0 is INVALID_ARGUMENT at Eval. SquaredDifference
// brings a' and b', shifted left by 7, to twice the larger scale: each is then
// at most 255 * 2^6, the squared difference at most 2^30.
//
// Mul and Div read activation, which must be a clamp.

#include <cmath>

#include "runtime/kernels/elementwise/broadcast.h"
#include "runtime/kernels/elementwise/operands.h"

namespace sotto::runtime {
namespace {

struct ProductState {
  std::int32_t a_zero, b_zero, y_zero;
  FixedPoint a_factor, b_factor;  // SquaredDifference
  FixedPoint y_factor;
  double quotient_factor;  // Div
  QuantizedRange range;
};

constexpr std::int32_t kDifferenceShift = 7;
// A quotient beyond it is at an end of the output's range.
constexpr double kLargestQuotient = 1e6;

ProductState* MakeState(PrepareContext& context, Op& op) {
  auto* state = context.AllocateState<ProductState>();
  if (state == nullptr) return nullptr;
  const TensorQuantization& y = op.outputs[0]->quantization;
  *state = {.a_zero = op.inputs[0]->quantization.zero_point,
            .b_zero = op.inputs[1]->quantization.zero_point,
            .y_zero = y.zero_point,
            .a_factor = {},
            .b_factor = {},
            .y_factor = {},
            .quotient_factor = 0.0,
            .range = ActivationRange(op.options.activation, op.outputs[0]->type,
                                     *y.scale, y.zero_point)};
  op.state = state;
  return state;
}

template <TypeSet types>
StatusCode Check(PrepareContext& context, Op& op) {
  StatusCode code = PrepareBinary(context, op, types);
  if (code == StatusCode::kOk) code = CheckQuantized(context, op);
  if (code != StatusCode::kOk) return code;
  if (!IsClamp(op.options.activation)) {
    return context.Fail(StatusCode::kUnimplemented, "fused activation");
  }
  if (op.inputs[0]->type == ElementType::kInt16 &&
      (op.inputs[0]->quantization.zero_point != 0 ||
       op.inputs[1]->quantization.zero_point != 0)) {
    return context.Fail(StatusCode::kUnimplemented,
                        "int16 with a zero point that is not 0");
  }
  return StatusCode::kOk;
}

StatusCode OutOfMemory(PrepareContext& context) {
  return context.Fail(StatusCode::kResourceExhausted, "arena");
}

StatusCode PrepareMul(PrepareContext& context, Op& op) {
  const StatusCode code = Check<kQuantizedTypes>(context, op);
  if (code != StatusCode::kOk) return code;
  ProductState* state = MakeState(context, op);
  if (state == nullptr) return OutOfMemory(context);
  // In single precision, as the format's converters compute it.
  const float factor = *op.inputs[0]->quantization.scale *
                       *op.inputs[1]->quantization.scale /
                       *op.outputs[0]->quantization.scale;
  state->y_factor = ToFixedPoint(factor);
  return StatusCode::kOk;
}

StatusCode PrepareDiv(PrepareContext& context, Op& op) {
  const StatusCode code = Check<kEightBit>(context, op);
  if (code != StatusCode::kOk) return code;
  ProductState* state = MakeState(context, op);
  if (state == nullptr) return OutOfMemory(context);
  state->quotient_factor = double{*op.inputs[0]->quantization.scale} /
                           (double{*op.inputs[1]->quantization.scale} *
                            double{*op.outputs[0]->quantization.scale});
  return StatusCode::kOk;
}

StatusCode PrepareSquaredDifference(PrepareContext& context, Op& op) {
  const StatusCode code = Check<TypesOf(ElementType::kInt8)>(context, op);
  if (code != StatusCode::kOk) return code;
  ProductState* state = MakeState(context, op);
  if (state == nullptr) return OutOfMemory(context);
  const double a = *op.inputs[0]->quantization.scale;
  const double b = *op.inputs[1]->quantization.scale;
  const double twice_larger = 2.0 * std::max(a, b);
  state->a_factor = ToFixedPoint(a / twice_larger);
  state->b_factor = ToFixedPoint(b / twice_larger);
  state->y_factor = ToFixedPoint(twice_larger * twice_larger /
                                 (std::ldexp(1.0, 2 * kDifferenceShift) *
                                  double{*op.outputs[0]->quantization.scale}));
  state->range = RangeOf(ElementType::kInt8);
  return StatusCode::kOk;
}

template <typename T>
void Multiply(const Op& op) {
  const ProductState s = *static_cast<const ProductState*>(op.state);
  ApplyBinary<T, T>(
      *op.inputs[0], *op.inputs[1], *op.outputs[0], [s](T a, T b) {
        const std::int32_t product = (a - s.a_zero) * (b - s.b_zero);
        return static_cast<T>(
            Offset(Requantize(product, s.y_factor), s.y_zero, s.range));
      });
}

template <typename T>
StatusCode Divide(EvalContext& context, const Op& op) {
  const ProductState s = *static_cast<const ProductState*>(op.state);
  const T* right = op.inputs[1]->as<const T>();
  for (std::size_t i = 0; i < op.inputs[1]->shape.Elements(); ++i) {
    if (right[i] == s.b_zero) {
      return context.Fail(StatusCode::kInvalidArgument,
                          "an integer is divided by zero");
    }
  }
  ApplyBinary<T, T>(
      *op.inputs[0], *op.inputs[1], *op.outputs[0], [s](T a, T b) {
        const double quotient =
            s.quotient_factor * (a - s.a_zero) / (b - s.b_zero);
        // 0 * infinity, where the scales are extreme.
        if (!(quotient == quotient)) return static_cast<T>(s.y_zero);
        const auto rounded = static_cast<std::int32_t>(std::round(
            std::clamp(quotient, -kLargestQuotient, kLargestQuotient)));
        return static_cast<T>(Offset(rounded, s.y_zero, s.range));
      });
  return StatusCode::kOk;
}

StatusCode EvalMul(EvalContext&, const Op& op) {
  switch (op.inputs[0]->type) {
    case ElementType::kInt8:
      Multiply<std::int8_t>(op);
      break;
    case ElementType::kUint8:
      Multiply<std::uint8_t>(op);
      break;
    default:
      Multiply<std::int16_t>(op);
      break;
  }
  return StatusCode::kOk;
}

StatusCode EvalDiv(EvalContext& context, const Op& op) {
  return op.inputs[0]->type == ElementType::kInt8
             ? Divide<std::int8_t>(context, op)
             : Divide<std::uint8_t>(context, op);
}

StatusCode EvalSquaredDifference(EvalContext&, const Op& op) {
  const ProductState s = *static_cast<const ProductState*>(op.state);
  ApplyBinary<std::int8_t, std::int8_t>(
      *op.inputs[0], *op.inputs[1], *op.outputs[0],
      [s](std::int8_t a, std::int8_t b) {
        constexpr std::int32_t kUnit = 1 << kDifferenceShift;
        const std::int32_t difference =
            Requantize((a - s.a_zero) * kUnit, s.a_factor) -
            Requantize((b - s.b_zero) * kUnit, s.b_factor);
        return static_cast<std::int8_t>(
            Offset(Requantize(difference * difference, s.y_factor), s.y_zero,
                   s.range));
      });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kMulQuantized = {PrepareMul, EvalMul};
extern const Kernel kDivQuantized = {PrepareDiv, EvalDiv};
extern const Kernel kSquaredDifferenceS8 = {PrepareSquaredDifference,
                                            EvalSquaredDifference};

}  // namespace sotto::runtime
