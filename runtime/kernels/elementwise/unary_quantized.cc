// y = quantised f(dequantised x) on int8 and uint8 through a table of 256
// entries: Logistic, Tanh, Elu, Gelu, Exp, Log, Sqrt, Rsqrt. The same on int16
// with zero points of 0 for Exp, Log, Rsqrt (a table of 513 entries between
// which Eval interpolates) and Sqrt (computed).
//
//   Sqrt truncates instead of rounding. Sqrt and Rsqrt of a negative number are
//   INVALID_ARGUMENT at Eval; Rsqrt of 0 is the highest value, Log of 0 and of
//   negative numbers the lowest.
//
// Gelu reads approximate.

#include <cmath>
#include <limits>

#include "runtime/kernels/elementwise/lookup_table.h"
#include "runtime/kernels/elementwise/real_function.h"

namespace sotto::runtime {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

float ExpOf(float x) { return std::exp(x); }
float LogOrLowest(float x) { return x <= 0.0f ? -kInfinity : std::log(x); }
float RsqrtOrHighest(float x) { return x <= 0.0f ? kInfinity : RsqrtOf(x); }

StatusCode Check(PrepareContext& context, Op& op, TypeSet types) {
  StatusCode code = PrepareUnary(context, op, types);
  if (code == StatusCode::kOk) code = CheckQuantized(context, op);
  if (code != StatusCode::kOk) return code;
  if (op.inputs[0]->type == ElementType::kInt16 &&
      (op.inputs[0]->quantization.zero_point != 0 ||
       op.outputs[0]->quantization.zero_point != 0)) {
    return context.Fail(StatusCode::kUnimplemented,
                        "int16 with a zero point that is not 0");
  }
  return StatusCode::kOk;
}

template <RealFunction f, TypeSet types>
StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code = Check(context, op, types);
  if (code != StatusCode::kOk) return code;
  return op.inputs[0]->type == ElementType::kInt16
             ? TabulateShorts(context, op, f)
             : TabulateBytes(context, op, f);
}

StatusCode PrepareGelu(PrepareContext& context, Op& op) {
  return op.options.approximate
             ? Prepare<GeluApproximateOf, kEightBit>(context, op)
             : Prepare<GeluOf, kEightBit>(context, op);
}

StatusCode Eval(EvalContext& context, const Op& op) {
  return op.inputs[0]->type == ElementType::kInt16 ? EvalShortTable(context, op)
                                                   : EvalByteTable(context, op);
}

// Whether every stored value is at least the zero point.
template <typename T>
bool NonNegativeAs(const Tensor& x) {
  const std::size_t size = x.shape.Elements();
  bool ok = true;
  for (std::size_t i = 0; i < size; ++i) {
    ok = ok && x.as<const T>()[i] >= x.quantization.zero_point;
  }
  return ok;
}

bool NonNegative(const Tensor& x) {
  switch (x.type) {
    case ElementType::kInt8:
      return NonNegativeAs<std::int8_t>(x);
    case ElementType::kUint8:
      return NonNegativeAs<std::uint8_t>(x);
    default:
      return NonNegativeAs<std::int16_t>(x);
  }
}

StatusCode EvalRsqrt(EvalContext& context, const Op& op) {
  if (!NonNegative(*op.inputs[0])) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "root of a negative number");
  }
  return Eval(context, op);
}

// The stored root of the stored value `x`; 0 for negative numbers, which Eval
// refuses before it looks at the result.
std::int32_t SqrtOfStored(const Op& op, std::int32_t x) {
  const TensorQuantization &in = op.inputs[0]->quantization,
                           &out = op.outputs[0]->quantization;
  const float value = *in.scale * static_cast<float>(x - in.zero_point);
  const float root =
      value > 0.0f ? std::trunc(std::sqrt(value) / *out.scale) : 0.0f;
  return Offset(RoundInto(root, RangeOf(ElementType::kInt32)), out.zero_point,
                RangeOf(op.outputs[0]->type));
}

StatusCode PrepareSqrt(PrepareContext& context, Op& op) {
  const StatusCode code = Check(context, op, kQuantizedTypes);
  if (code != StatusCode::kOk) return code;
  if (op.inputs[0]->type == ElementType::kInt16) return StatusCode::kOk;
  return MakeByteTable(context, op,
                       [&](std::int32_t x) { return SqrtOfStored(op, x); });
}

StatusCode EvalSqrt(EvalContext& context, const Op& op) {
  if (!NonNegative(*op.inputs[0])) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "root of a negative number");
  }
  if (op.inputs[0]->type != ElementType::kInt16) {
    return EvalByteTable(context, op);
  }
  ApplyUnary<std::int16_t, std::int16_t>(op, [&op](std::int16_t x) {
    return static_cast<std::int16_t>(SqrtOfStored(op, x));
  });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kLogisticByte = {Prepare<LogisticOf, kEightBit>, Eval};
extern const Kernel kTanhByte = {Prepare<TanhOf, kEightBit>, Eval};
extern const Kernel kEluByte = {Prepare<EluOf, kEightBit>, Eval};
extern const Kernel kGeluByte = {PrepareGelu, Eval};
extern const Kernel kExpQuantized = {Prepare<ExpOf, kQuantizedTypes>, Eval};
extern const Kernel kLogQuantized = {Prepare<LogOrLowest, kQuantizedTypes>,
                                     Eval};
extern const Kernel kRsqrtQuantized = {Prepare<RsqrtOrHighest, kQuantizedTypes>,
                                       EvalRsqrt};
extern const Kernel kSqrtQuantized = {PrepareSqrt, EvalSqrt};

}  // namespace sotto::runtime
