// Select, SelectV2: y = condition ? a : b. Elements are moved, not computed, so
// any type of whole bytes will do.
//
//   in 0   condition  bool
//   in 1   a          any type
//   in 2   b          a's type and quantisation
//   out 0  y          the same
//
// Select: a and b have y's shape; condition too, or it has one element, or it
// is a vector with one element per row of a's first dimension. SelectV2: the
// three are broadcast.

#include "runtime/kernels/elementwise/broadcast.h"
#include "runtime/kernels/elementwise/operands.h"

namespace sotto::runtime {
namespace {

StatusCode PrepareTypes(PrepareContext& context, const Op& op) {
  const StatusCode code =
      CheckArity(context, op, 3, TypesOf(ElementType::kBool));
  if (code != StatusCode::kOk) return code;
  const Tensor &a = *op.inputs[1], &b = *op.inputs[2], &y = *op.outputs[0];
  if (a.type != b.type || a.type != y.type) {
    return context.Fail(StatusCode::kInvalidArgument, "types differ");
  }
  if (ElementBytes(a.type) == 0) {
    return context.Fail(StatusCode::kUnimplemented, "type of the values");
  }
  if (Contains(kQuantizedTypes, a.type) &&
      (!SameQuantization(a, b) || !SameQuantization(a, y))) {
    return context.Fail(StatusCode::kUnimplemented, "scales differ");
  }
  return StatusCode::kOk;
}

// The condition's shape as it is broadcast.
Shape ConditionOf(const Shape& condition, const Shape& y) {
  if (condition.Elements() == 1) return Shape{};
  if (condition.rank != 1 || y.rank == 1) return condition;
  Shape rows = {};
  rows.rank = y.rank;
  for (std::size_t d = 0; d < rows.rank; ++d) {
    rows.dims[d] = d == 0 ? condition[0] : 1;
  }
  return rows;
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareTypes(context, op);
  if (code != StatusCode::kOk) return code;
  const Shape &condition = op.inputs[0]->shape, &a = op.inputs[1]->shape;
  const bool fits =
      condition == a || condition.Elements() == 1 ||
      (condition.rank == 1 && a.rank >= 1 && condition[0] == a[0]);
  if (!(a == op.inputs[2]->shape) || !fits) {
    return context.Fail(StatusCode::kInvalidArgument, "shapes disagree");
  }
  op.outputs[0]->shape = a;
  op.outputs[0]->is_dynamic = false;
  context.AllowInPlace(0, 1);
  return StatusCode::kOk;
}

StatusCode PrepareV2(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareTypes(context, op);
  if (code != StatusCode::kOk) return code;
  Shape values = {}, shape = {};
  if (!BroadcastShape(op.inputs[1]->shape, op.inputs[2]->shape, &values) ||
      !BroadcastShape(op.inputs[0]->shape, values, &shape)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "shapes do not broadcast");
  }
  op.outputs[0]->shape = shape;
  op.outputs[0]->is_dynamic = false;
  if (op.inputs[1]->shape == shape) context.AllowInPlace(0, 1);
  return StatusCode::kOk;
}

template <typename T>
void EvalAs(const Op& op, const Shape& condition) {
  const Tensor &a = *op.inputs[1], &b = *op.inputs[2], &y = *op.outputs[0];
  const std::array<const Shape*, 3> shapes = {&condition, &a.shape, &b.shape};
  const BroadcastPlan plan = PlanBroadcast(shapes, y.shape);
  const std::size_t size = plan.RowLength();
  const std::size_t step = plan.Moves(0) ? 1 : 0;
  const std::size_t a_step = plan.Moves(1) ? 1 : 0;
  const std::size_t b_step = plan.Moves(2) ? 1 : 0;
  ForEachRow(plan, [&](std::size_t at, const auto& from) {
    const std::uint8_t* chosen =
        op.inputs[0]->as<const std::uint8_t>() + from[0];
    const T* left = a.as<const T>() + from[1];
    const T* right = b.as<const T>() + from[2];
    T* out = y.as<T>() + at;
    for (std::size_t i = 0; i < size; ++i) {
      out[i] = chosen[i * step] != 0 ? left[i * a_step] : right[i * b_step];
    }
  });
}

StatusCode EvalWith(const Op& op, const Shape& condition) {
  switch (ElementBytes(op.inputs[1]->type)) {
    case 1:
      EvalAs<std::uint8_t>(op, condition);
      break;
    case 2:
      EvalAs<std::uint16_t>(op, condition);
      break;
    case 4:
      EvalAs<std::uint32_t>(op, condition);
      break;
    default:
      EvalAs<std::uint64_t>(op, condition);
      break;
  }
  return StatusCode::kOk;
}

StatusCode Eval(EvalContext&, const Op& op) {
  return EvalWith(op, ConditionOf(op.inputs[0]->shape, op.outputs[0]->shape));
}

StatusCode EvalV2(EvalContext&, const Op& op) {
  return EvalWith(op, op.inputs[0]->shape);
}

}  // namespace

extern const Kernel kSelect = {Prepare, Eval};
extern const Kernel kSelectV2 = {PrepareV2, EvalV2};

}  // namespace sotto::runtime
