#include "runtime/kernels/nn/operands.h"

namespace sotto::runtime {
namespace {

StatusCode CheckBias(PrepareContext& context, const Op& op,
                     const Operands& operands) {
  if (!IsClamp(op.options.activation)) {
    return context.Fail(StatusCode::kUnimplemented,
                        "the fused activation is not a clamp");
  }
  if (operands.bias != nullptr &&
      operands.bias->shape.Elements() != operands.channels()) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants one bias per output channel");
  }
  return StatusCode::kOk;
}

bool HasType(const Tensor* t, ElementType type) {
  return t == nullptr || t->type == type;
}

}  // namespace

StatusCode CheckF32(PrepareContext& context, const Op& op,
                    const Operands& operands) {
  constexpr ElementType kType = ElementType::kFloat32;
  const auto& [x, w, bias, y, dimension, product] = operands;
  if (x->type != kType || w->type != kType || y->type != kType ||
      !HasType(bias, kType)) {
    return context.Fail(StatusCode::kUnimplemented, "only f32");
  }
  return CheckBias(context, op, operands);
}

StatusCode CheckHybrid(PrepareContext& context, const Op& op,
                       const Operands& operands) {
  constexpr ElementType kType = ElementType::kFloat32;
  const auto& [x, w, bias, y, dimension, product] = operands;
  if (x->type != kType || w->type != ElementType::kInt8 || y->type != kType ||
      !HasType(bias, kType)) {
    return context.Fail(StatusCode::kUnimplemented,
                        "only f32 with int8 weights");
  }
  if (!IsQuantizedSymmetric(*w, dimension)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants weights with scales and zero point 0");
  }
  return CheckBias(context, op, operands);
}

StatusCode PrepareQuantized(PrepareContext& context, Op& op,
                            const Operands& operands, ElementType type) {
  const auto& [x, w, bias, y, dimension, product] = operands;
  const bool is_u8 = type == ElementType::kUint8;
  const bool is_s16 = type == ElementType::kInt16;
  if (x->type != type || y->type != type ||
      w->type != (is_u8 ? ElementType::kUint8 : ElementType::kInt8) ||
      !(HasType(bias, ElementType::kInt32) ||
        (is_s16 && HasType(bias, ElementType::kInt64)))) {
    return context.Fail(StatusCode::kUnimplemented,
                        "not this kernel's types of x, weights, bias and y");
  }
  if (!IsQuantizedPerTensor(*x) || !IsQuantizedPerTensor(*y) ||
      (is_s16 &&
       (x->quantization.zero_point != 0 || y->quantization.zero_point != 0))) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "x and y want one scale each and a fitting zero point");
  }
  // Of int8 weights only a matrix product's may have a zero point.
  const bool has_zero = is_u8 || (product && !is_s16);
  if (!IsQuantizedSymmetric(*w, dimension) &&
      !(has_zero && IsQuantizedPerTensor(*w))) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "the weights' scales or zero points do not fit");
  }
  if (is_u8 && !IsQuantizedPerTensor(*w)) {
    return context.Fail(StatusCode::kUnimplemented,
                        "uint8 weights with scales per channel");
  }
  const StatusCode code = CheckBias(context, op, operands);
  if (code != StatusCode::kOk) return code;

  const auto count = static_cast<std::size_t>(w->quantization.count);
  auto* factors = context.AllocateState<FixedPoint>(count);
  if (factors == nullptr) {
    return context.Fail(StatusCode::kResourceExhausted, "the arena is full");
  }
  const float x_scale = x->quantization.scale[0];
  const double y_scale = y->quantization.scale[0];
  for (std::size_t c = 0; c < count; ++c) {
    const float w_scale = w->quantization.scale[c];
    const double scale = (product && count == 1) || is_u8
                             ? double{x_scale * w_scale}
                             : double{x_scale} * w_scale;
    factors[c] = ToFixedPoint(scale / y_scale);
  }
  op.state = factors;
  return StatusCode::kOk;
}

}  // namespace sotto::runtime
