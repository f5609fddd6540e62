// Quantize, to one scale for the whole tensor:
//
//   f32 -> int8, uint8, int16, int32     y = clamp(round(x / scale) + y_zero)
//   int8, uint8, int16, int32 -> the same   y = clamp(y_zero + rescale(x -
//   x_zero))
//
// Halves are rounded away from zero. NaN becomes y_zero; beyond the range y
// saturates. f32 is divided in single precision, for int32 in double. Rescaling
// saturates, and so does x - x_zero of int32.

#include <algorithm>
#include <cmath>

#include "runtime/kernels/elementwise/lookup_table.h"

namespace sotto::runtime {
namespace {

constexpr TypeSet kStored = kQuantizedTypes | TypesOf(ElementType::kInt32);

// Checks the pair of types and shapes; y of a type in kStored, with a scale.
StatusCode Check(PrepareContext& context, Op& op, TypeSet types) {
  const StatusCode code = CheckArity(context, op, 1, types);
  if (code != StatusCode::kOk) return code;
  const Tensor& y = *op.outputs[0];
  if (!Contains(kStored, y.type)) {
    return context.Fail(StatusCode::kUnimplemented, "type of the output");
  }
  if (y.quantization.count > 1) {
    return context.Fail(StatusCode::kUnimplemented, "one scale per channel");
  }
  if (!IsQuantizedPerTensor(y)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "the output lacks a scale, or its zero point is out "
                        "of range");
  }
  return PrepareUnary(context, op, types, y.type);
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  return Check(context, op, TypesOf(ElementType::kFloat32));
}

// trunc(v + copysign(h, v)), h the float below 0.5, is v rounded half away from
// zero for |v| < 2^23, and the compiler vectorises it; what is beyond 2^20 is
// at an end of any range of 16 bits.
template <typename T>
void QuantizeAs(const Op& op) {
  const TensorQuantization& q = op.outputs[0]->quantization;
  const float scale = *q.scale;
  const std::int32_t zero = q.zero_point;
  const QuantizedRange range = RangeOf(op.outputs[0]->type);
  ApplyUnary<float, T>(op, [=](float x) {
    constexpr float kHalf = 0x1.fffffep-2f;
    constexpr float kLimit = 0x1p20f;
    const float ratio = x / scale;
    const float known = ratio == ratio ? ratio : 0.0f;
    const float limited = std::min(std::max(known, -kLimit), kLimit);
    const auto rounded =
        static_cast<std::int32_t>(limited + std::copysign(kHalf, limited));
    return static_cast<T>(
        std::min(std::max(rounded + zero, range.low), range.high));
  });
}

void QuantizeInt32(const Op& op) {
  const TensorQuantization& q = op.outputs[0]->quantization;
  const double scale = *q.scale;
  const std::int32_t zero = q.zero_point;
  ApplyUnary<float, std::int32_t>(op, [=](float x) {
    const double ratio = std::round(x / scale);
    if (!(ratio == ratio)) return zero;
    const double limited = std::clamp(ratio, -0x1p33, 0x1p33);
    return SaturateToInt32(static_cast<std::int64_t>(limited) + zero);
  });
}

StatusCode Eval(EvalContext&, const Op& op) {
  switch (op.outputs[0]->type) {
    case ElementType::kInt8:
      QuantizeAs<std::int8_t>(op);
      break;
    case ElementType::kUint8:
      QuantizeAs<std::uint8_t>(op);
      break;
    case ElementType::kInt16:
      QuantizeAs<std::int16_t>(op);
      break;
    default:
      QuantizeInt32(op);
      break;
  }
  return StatusCode::kOk;
}

// Between 8-bit types every input has its entry in a table.
bool IsByByte(const Op& op) {
  return Contains(kEightBit, op.inputs[0]->type) &&
         Contains(kEightBit, op.outputs[0]->type);
}

StatusCode PrepareRequantize(PrepareContext& context, Op& op) {
  const StatusCode code = Check(context, op, kStored);
  if (code != StatusCode::kOk) return code;
  if (op.inputs[0]->quantization.count > 1) {
    return context.Fail(StatusCode::kUnimplemented, "one scale per channel");
  }
  if (!IsQuantizedPerTensor(*op.inputs[0])) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "the input lacks a scale, or its zero point is out of "
                        "range");
  }
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  const FixedPoint factor = ToFixedPoint(double{*x.quantization.scale} /
                                         double{*y.quantization.scale});
  if (IsByByte(op)) {
    return MakeByteTable(context, op, [&](std::int32_t stored) {
      return Offset(Requantize(stored - x.quantization.zero_point, factor),
                    y.quantization.zero_point, RangeOf(y.type));
    });
  }
  auto* state = context.AllocateState<FixedPoint>();
  if (state == nullptr) {
    return context.Fail(StatusCode::kResourceExhausted, "arena");
  }
  *state = factor;
  op.state = state;
  return StatusCode::kOk;
}

template <typename In, typename Out>
void RequantizeAs(const Op& op) {
  const FixedPoint factor = *static_cast<const FixedPoint*>(op.state);
  const std::int64_t x_zero = op.inputs[0]->quantization.zero_point;
  const std::int32_t y_zero = op.outputs[0]->quantization.zero_point;
  const QuantizedRange range = RangeOf(op.outputs[0]->type);
  ApplyUnary<In, Out>(op, [=](In x) {
    return static_cast<Out>(
        Offset(Requantize(SaturateToInt32(x - x_zero), factor), y_zero, range));
  });
}

template <typename In>
void RequantizeFrom(const Op& op) {
  switch (op.outputs[0]->type) {
    case ElementType::kInt8:
      return RequantizeAs<In, std::int8_t>(op);
    case ElementType::kUint8:
      return RequantizeAs<In, std::uint8_t>(op);
    case ElementType::kInt16:
      return RequantizeAs<In, std::int16_t>(op);
    default:
      return RequantizeAs<In, std::int32_t>(op);
  }
}

StatusCode EvalRequantize(EvalContext& context, const Op& op) {
  if (IsByByte(op)) return EvalByteTable(context, op);
  switch (op.inputs[0]->type) {
    case ElementType::kInt8:
      RequantizeFrom<std::int8_t>(op);
      break;
    case ElementType::kUint8:
      RequantizeFrom<std::uint8_t>(op);
      break;
    case ElementType::kInt16:
      RequantizeFrom<std::int16_t>(op);
      break;
    default:
      RequantizeFrom<std::int32_t>(op);
      break;
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kQuantize = {Prepare, Eval};
extern const Kernel kRequantize = {PrepareRequantize, EvalRequantize};

}  // namespace sotto::runtime
