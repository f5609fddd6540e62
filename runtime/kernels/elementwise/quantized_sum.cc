// Add, Sub on quantised integers, with any numpy broadcast:
//
//   y = clamp(y_zero + rescale((a - a_zero) ± (b - b_zero)))
//
//   in 0, 1  a, b  int8, uint8 or int16, each with its own scale
//   out 0    y     the same type
//
// Both operands are shifted left (8 bits: by 20, 16 bits: by 15), brought to
// twice the larger input scale, added, and brought to y's scale, which must be
// at least 2^-19 (2^-14) of the larger input scale. The shifted values stay
// below 65535 * 2^15 < 2^31, the scaled ones below 2^30.
//
// int16 with power-of-two scales and zero points of 0, where the option says
// so, is an exact shift of one operand instead, then a saturating sum.
//
// Reads activation (a clamp), power_of_two_scales.

#include <cmath>

#include "runtime/kernels/elementwise/broadcast.h"
#include "runtime/kernels/elementwise/operands.h"

namespace sotto::runtime {
namespace {

struct SumState {
  std::int32_t left_shift;
  std::int32_t a_zero, b_zero, y_zero;
  FixedPoint a_factor, b_factor, y_factor;
  QuantizedRange range;
  // The other way: right shifts of a and b.
  bool shifts_only;
  std::int32_t a_shift, b_shift;
};

// Whether scale is 2^exponent to within 0.07 %, the tolerance of the format.
bool IsPowerOfTwo(const Tensor& t, std::int32_t* exponent) {
  const double log2 = std::log2(double{*t.quantization.scale});
  *exponent = static_cast<std::int32_t>(std::round(log2));
  return std::fabs(log2 - *exponent) < 1e-3;
}

bool MakeShifts(const Op& op, SumState& state) {
  std::int32_t a = 0, b = 0, y = 0;
  if (op.inputs[0]->type != ElementType::kInt16 ||
      !op.options.power_of_two_scales || !IsPowerOfTwo(*op.inputs[0], &a) ||
      !IsPowerOfTwo(*op.inputs[1], &b) || !IsPowerOfTwo(*op.outputs[0], &y) ||
      state.a_zero != 0 || state.b_zero != 0 || state.y_zero != 0) {
    return false;
  }
  state.a_shift = y - a;
  state.b_shift = y - b;
  const auto usable = [](std::int32_t shift) {
    return shift >= 0 && shift <= 31;
  };
  return (state.a_shift == 0 || state.b_shift == 0) && usable(state.a_shift) &&
         usable(state.b_shift);
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  StatusCode code = PrepareBinary(context, op, kQuantizedTypes);
  if (code == StatusCode::kOk) code = CheckQuantized(context, op);
  if (code != StatusCode::kOk) return code;
  if (!IsClamp(op.options.activation)) {
    return context.Fail(StatusCode::kUnimplemented, "fused activation");
  }
  const TensorQuantization &a = op.inputs[0]->quantization,
                           &b = op.inputs[1]->quantization,
                           &y = op.outputs[0]->quantization;
  const ElementType type = op.inputs[0]->type;
  const std::int32_t left_shift = type == ElementType::kInt16 ? 15 : 20;
  const double twice_larger = 2.0 * std::max(*a.scale, *b.scale);
  const double y_factor =
      twice_larger / (std::ldexp(1.0, left_shift) * double{*y.scale});
  if (!(y_factor < 1.0)) {
    return context.Fail(StatusCode::kUnimplemented,
                        "output scale is far below the input scales");
  }
  auto* state = context.AllocateState<SumState>();
  if (state == nullptr) {
    return context.Fail(StatusCode::kResourceExhausted, "arena");
  }
  *state = {.left_shift = left_shift,
            .a_zero = a.zero_point,
            .b_zero = b.zero_point,
            .y_zero = y.zero_point,
            .a_factor = ToFixedPoint(*a.scale / twice_larger),
            .b_factor = ToFixedPoint(*b.scale / twice_larger),
            .y_factor = ToFixedPoint(y_factor),
            .range = ActivationRange(op.options.activation, type, *y.scale,
                                     y.zero_point),
            .shifts_only = false,
            .a_shift = 0,
            .b_shift = 0};
  state->shifts_only = MakeShifts(op, *state);
  op.state = state;
  return StatusCode::kOk;
}

template <typename T, int sign>
void Sum(const Op& op) {
  const SumState s = *static_cast<const SumState*>(op.state);
  ApplyBinary<T, T>(
      *op.inputs[0], *op.inputs[1], *op.outputs[0], [s](T a, T b) {
        const std::int32_t unit = std::int32_t{1} << s.left_shift;
        const std::int32_t left = Requantize((a - s.a_zero) * unit, s.a_factor);
        const std::int32_t right =
            Requantize((b - s.b_zero) * unit, s.b_factor);
        return static_cast<T>(Offset(
            Requantize(left + sign * right, s.y_factor), s.y_zero, s.range));
      });
}

template <int sign>
void ShiftedSum(const Op& op) {
  const SumState s = *static_cast<const SumState*>(op.state);
  ApplyBinary<std::int16_t, std::int16_t>(
      *op.inputs[0], *op.inputs[1], *op.outputs[0],
      [s](std::int16_t a, std::int16_t b) {
        const std::int32_t sum =
            RoundingDivideByPowerOfTwo(a, s.a_shift) +
            sign * RoundingDivideByPowerOfTwo(b, s.b_shift);
        return static_cast<std::int16_t>(Offset(sum, 0, s.range));
      });
}

template <int sign>
StatusCode Eval(EvalContext&, const Op& op) {
  if (static_cast<const SumState*>(op.state)->shifts_only) {
    ShiftedSum<sign>(op);
    return StatusCode::kOk;
  }
  switch (op.inputs[0]->type) {
    case ElementType::kInt8:
      Sum<std::int8_t, sign>(op);
      break;
    case ElementType::kUint8:
      Sum<std::uint8_t, sign>(op);
      break;
    default:
      Sum<std::int16_t, sign>(op);
      break;
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kAddQuantized = {Prepare, Eval<1>};
extern const Kernel kSubQuantized = {Prepare, Eval<-1>};

}  // namespace sotto::runtime
