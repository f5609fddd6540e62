#include "runtime/kernels/elementwise/operands.h"

#include "runtime/kernels/elementwise/broadcast.h"

namespace sotto::runtime {
namespace {

StatusCode SetOutput(PrepareContext& context, Op& op, ElementType type,
                     const Shape& shape) {
  const Tensor& x = *op.inputs[0];
  Tensor& y = *op.outputs[0];
  if (y.type != type) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "type of the output does not fit the inputs");
  }
  y.shape = shape;
  y.is_dynamic = false;
  if (x.shape == shape && ElementBytes(x.type) == ElementBytes(type)) {
    context.AllowInPlace(0, 0);
  }
  return StatusCode::kOk;
}

}  // namespace

bool SameQuantization(const Tensor& a, const Tensor& b) {
  const TensorQuantization &p = a.quantization, &q = b.quantization;
  if (p.count == 0 && q.count == 0) return true;
  return IsQuantizedPerTensor(a) && IsQuantizedPerTensor(b) &&
         *p.scale == *q.scale && p.zero_point == q.zero_point;
}

StatusCode CheckArity(PrepareContext& context, const Op& op, std::size_t inputs,
                      TypeSet types) {
  if (op.inputs.size() != inputs || op.outputs.size() != 1 ||
      op.outputs[0] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wrong number of inputs or outputs");
  }
  for (const Tensor* input : op.inputs) {
    if (input == nullptr) {
      return context.Fail(StatusCode::kInvalidArgument, "an input is absent");
    }
  }
  if (!Contains(types, op.inputs[0]->type)) {
    return context.Fail(StatusCode::kUnimplemented, "type of the first input");
  }
  return StatusCode::kOk;
}

StatusCode PrepareUnary(PrepareContext& context, Op& op, TypeSet types,
                        ElementType out) {
  const StatusCode code = CheckArity(context, op, 1, types);
  if (code != StatusCode::kOk) return code;
  return SetOutput(context, op, out, op.inputs[0]->shape);
}

StatusCode PrepareUnary(PrepareContext& context, Op& op, TypeSet types) {
  const StatusCode code = CheckArity(context, op, 1, types);
  if (code != StatusCode::kOk) return code;
  return SetOutput(context, op, op.inputs[0]->type, op.inputs[0]->shape);
}

StatusCode PrepareBinary(PrepareContext& context, Op& op, TypeSet types,
                         ElementType out) {
  const StatusCode code = CheckArity(context, op, 2, types);
  if (code != StatusCode::kOk) return code;
  if (op.inputs[0]->type != op.inputs[1]->type) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "inputs are of different types");
  }
  Shape shape = {};
  if (!BroadcastShape(op.inputs[0]->shape, op.inputs[1]->shape, &shape)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "shapes do not broadcast");
  }
  return SetOutput(context, op, out, shape);
}

StatusCode PrepareBinary(PrepareContext& context, Op& op, TypeSet types) {
  const StatusCode code = CheckArity(context, op, 2, types);
  if (code != StatusCode::kOk) return code;
  return PrepareBinary(context, op, types, op.inputs[0]->type);
}

StatusCode CheckQuantized(PrepareContext& context, const Op& op) {
  bool ok = IsQuantizedPerTensor(*op.outputs[0]);
  for (const Tensor* input : op.inputs) ok = ok && IsQuantizedPerTensor(*input);
  if (ok) return StatusCode::kOk;
  return context.Fail(StatusCode::kInvalidArgument,
                      "a tensor lacks a scale, or its zero point is out of "
                      "range");
}

}  // namespace sotto::runtime
