// PACK and UNPACK: tensors of one shape side by side along a new axis, and
// back.
//
//   PACK    in i  x_i  one type and shape     out 0  y  a dimension more
//   UNPACK  in 0  x    any type               out i  y_i  a dimension less
//
// Read axis (negative counts from the last dimension of the longer shape) and
// count, which is the number of pieces.

#include "runtime/kernels/movement/joined.h"
#include "runtime/kernels/movement/late_shape.h"

namespace sotto::runtime {
namespace {

StatusCode PreparePack(PrepareContext& context, Op& op) {
  if (op.inputs.empty() || !HasArity(op, 1, op.inputs.size(), 1) ||
      static_cast<std::int64_t>(op.inputs.size()) != op.options.count) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants as many x as the options count -> y");
  }
  Tensor& y = *op.outputs[0];
  const Shape& x = op.inputs[0]->shape;
  for (const Tensor* piece : op.inputs) {
    const Finding moved = CheckMoved(*piece, y);
    if (!moved.ok()) return Report(context, moved);
    if (!(piece->shape == x)) {
      return context.Fail(StatusCode::kInvalidArgument, "shapes differ");
    }
  }
  if (x.rank == Shape::kMaxRank) {
    return context.Fail(StatusCode::kUnimplemented, "rank above 6");
  }
  std::size_t axis = 0;
  if (!ResolveAxis(op.options.axis, x.rank + 1, &axis)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "axis is outside y's rank");
  }
  y.is_dynamic = false;
  y.shape.rank = x.rank + 1;
  for (std::size_t i = 0; i < y.shape.rank; ++i) {
    y.shape.dims[i] = i == axis ? op.options.count : x[i < axis ? i : i - 1];
  }
  if (!IsBounded(y.shape)) {
    return context.Fail(StatusCode::kInvalidArgument, "y is too large");
  }
  return StatusCode::kOk;
}

StatusCode EvalPack(EvalContext&, const Op& op) {
  const Tensor& y = *op.outputs[0];
  std::size_t axis = 0;
  if (y.shape.Elements() > 0 &&
      ResolveAxis(op.options.axis, y.shape.rank, &axis)) {
    Join(op.inputs, BlocksBefore(y.shape, axis), y);
  }
  return StatusCode::kOk;
}

StatusCode PrepareUnpack(PrepareContext& context, Op& op) {
  if (!HasArity(op, 1, 1, op.outputs.size())) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x -> y, ...");
  }
  const Tensor& x = *op.inputs[0];
  std::size_t axis = 0;
  if (!ResolveAxis(op.options.axis, x.shape.rank, &axis)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "axis is outside x's rank");
  }
  if (x.shape[axis] != op.options.count ||
      static_cast<std::int64_t>(op.outputs.size()) != op.options.count) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "x has not as many pieces as are asked for");
  }
  Shape shape;
  for (std::size_t i = 0; i < x.shape.rank; ++i) {
    if (i != axis) shape.dims[shape.rank++] = x.shape[i];
  }
  for (Tensor* y : op.outputs) {
    const Finding moved = CheckMoved(x, *y);
    if (!moved.ok()) return Report(context, moved);
    y->is_dynamic = false;
    y->shape = shape;
  }
  return StatusCode::kOk;
}

StatusCode EvalUnpack(EvalContext&, const Op& op) {
  const Tensor& x = *op.inputs[0];
  std::size_t axis = 0;
  if (x.shape.Elements() > 0 &&
      ResolveAxis(op.options.axis, x.shape.rank, &axis)) {
    Cut(x, BlocksBefore(x.shape, axis), op.outputs);
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kPack = {PreparePack, EvalPack};
extern const Kernel kUnpack = {PrepareUnpack, EvalUnpack};

}  // namespace sotto::runtime
