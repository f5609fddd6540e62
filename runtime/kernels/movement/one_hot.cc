// ONE_HOT: along a new axis, `on` at the place that an index names and `off`
// elsewhere; an index outside [0, depth) is `off` throughout.
//
//   in 0     indices  int32 or int64
//   in 1     depth    int32 or int64, one element
//   in 2, 3  on, off  one element each, any type of whole bytes
//   out 0    y        indices' shape with depth inserted at the axis
//
// Reads axis; -1 appends.

#include <cstring>

#include "runtime/kernels/movement/fill_elements.h"
#include "runtime/kernels/movement/late_shape.h"

namespace sotto::runtime {
namespace {

Finding Infer(const Op& op, Shape* y) {
  const Shape& indices = op.inputs[0]->shape;
  if (indices.rank == Shape::kMaxRank) return Unsupported("rank above 6");
  std::size_t axis = 0;
  if (!ResolveAxis(op.options.axis, indices.rank + 1, &axis)) {
    return Invalid("axis is outside y's rank");
  }
  std::int64_t depth = 0;
  *y = {};
  y->rank = indices.rank + 1;
  for (std::size_t i = 0; i < y->rank; ++i) {
    if (i != axis) y->dims[i] = indices[i < axis ? i : i - 1];
  }
  if (!ReadInteger(*op.inputs[1], &depth) ||
      !SetDimension(depth, &y->dims[axis]) || !IsBounded(*y)) {
    return Invalid("depth is negative or not one integer, or y is too large");
  }
  return {};
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (!HasArity(op, 4, 4, 1)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants indices, depth, on, off -> y");
  }
  if (!IsIntegerList(*op.inputs[0])) {
    return context.Fail(StatusCode::kUnimplemented,
                        "indices that are not int32 or int64");
  }
  for (const Tensor* value : {op.inputs[2], op.inputs[3]}) {
    const Finding moved = CheckMoved(*value, *op.outputs[0]);
    if (!moved.ok()) return Report(context, moved);
    if (value->shape.Elements() != 1) {
      return context.Fail(StatusCode::kInvalidArgument,
                          "on or off is not one element");
    }
  }
  return ShapeInPrepare(context, op, op.inputs[1]->is_constant, Infer);
}

StatusCode Eval(EvalContext& context, const Op& op) {
  const StatusCode code = ShapeInEval(context, op, Infer);
  if (code != StatusCode::kOk) return code;
  const Tensor &indices = *op.inputs[0], &y = *op.outputs[0];
  std::size_t axis = 0;
  if (y.shape.Elements() == 0 ||
      !ResolveAxis(op.options.axis, y.shape.rank, &axis)) {
    return StatusCode::kOk;
  }
  const std::size_t width = ElementBytes(y.type);
  FillElements(y.as<std::uint8_t>(), y.shape.Elements(),
               ElementFrom(op.inputs[3]->data, width));
  const std::size_t inner = y.shape.ElementsFrom(axis + 1);
  const std::int64_t depth = y.shape[axis];
  const std::size_t count = indices.shape.Elements();
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t index = IntegerAt(indices, i);
    if (index < 0 || index >= depth) continue;
    const std::size_t row = i / inner * static_cast<std::size_t>(depth) +
                            static_cast<std::size_t>(index);
    std::memcpy(y.as<std::uint8_t>() + (row * inner + i % inner) * width,
                op.inputs[2]->data, width);
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kOneHot = {Prepare, Eval};

}  // namespace sotto::runtime
