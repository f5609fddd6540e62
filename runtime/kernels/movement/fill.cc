// FILL: a tensor of one value.
//
//   in 0   dims   int32 or int64 [rank]
//   in 1   value  one element of any type of whole bytes
//   out 0  y      of shape dims

#include "runtime/kernels/movement/fill_elements.h"
#include "runtime/kernels/movement/late_shape.h"

namespace sotto::runtime {
namespace {

Finding Infer(const Op& op, Shape* y) {
  const Tensor& dims = *op.inputs[0];
  Integers list;
  if (dims.shape.rank != 1 || !ReadIntegers(dims, &list)) {
    return Invalid("dims are not a list of integers");
  }
  if (list.count > Shape::kMaxRank) return Unsupported("rank above 6");
  if (!ToShape(list, y) || !IsBounded(*y)) {
    return Invalid("a dimension is negative or y is too large");
  }
  return {};
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (!HasArity(op, 2, 2, 1)) {
    return context.Fail(StatusCode::kInvalidArgument, "wants dims, value -> y");
  }
  const Tensor& value = *op.inputs[1];
  const Finding moved = CheckMoved(value, *op.outputs[0]);
  if (!moved.ok()) return Report(context, moved);
  if (value.shape.Elements() != 1) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "the value is not one element");
  }
  return ShapeInPrepare(context, op, op.inputs[0]->is_constant, Infer);
}

StatusCode Eval(EvalContext& context, const Op& op) {
  const StatusCode code = ShapeInEval(context, op, Infer);
  if (code != StatusCode::kOk) return code;
  const Tensor &value = *op.inputs[1], &y = *op.outputs[0];
  FillElements(y.as<std::uint8_t>(), y.shape.Elements(),
               ElementFrom(value.data, ElementBytes(value.type)));
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kFill = {Prepare, Eval};

}  // namespace sotto::runtime
