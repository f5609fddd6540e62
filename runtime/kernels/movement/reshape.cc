// RESHAPE, SQUEEZE, EXPAND_DIMS, DENSIFY: the same elements under another
// shape.
//
//   in 0   x      any type of whole bytes
//   in 1   RESHAPE: shape, int32 or int64 [rank], may be absent (then
//          new_shape); EXPAND_DIMS: axis, int32 or int64, one element
//   out 0  y      as x
//
// RESHAPE: one dimension may be -1. A file made for batch 1 also runs at batch
// n: when the given shape starts with 1 and does not fit, its first dimension
// is taken as -1. Old files write [0] in new_shape for a scalar.
// SQUEEZE drops the dimensions that new_shape lists, or, when it lists none,
// every dimension of size 1.
// EXPAND_DIMS inserts a 1 before dimension `axis` of the result.
// DENSIFY: the loader has expanded sparse constants already.

#include <cstring>

#include "runtime/kernels/movement/late_shape.h"

namespace sotto::runtime {
namespace {

// Solves for at most one -1. False: more than one, below -1, or no fit.
bool Solve(const Shape& wanted, std::size_t elements, Shape* out) {
  *out = wanted;
  int open = -1;
  for (std::size_t i = 0; i < wanted.rank; ++i) {
    if (wanted[i] < -1 || (wanted[i] == -1 && open >= 0)) return false;
    if (wanted[i] == -1) {
      open = static_cast<int>(i);
      out->dims[i] = 1;
    }
  }
  if (!IsBounded(*out)) return false;
  const std::size_t known = out->Elements();
  if (open < 0) return known == elements;
  if (known == 0 ? elements != 0 : elements % known != 0) return false;
  out->dims[static_cast<std::size_t>(open)] =
      known == 0 ? 0 : static_cast<std::int32_t>(elements / known);
  return true;
}

// The shape is taken from input 1 where that is a vector.
const Tensor* ShapeInput(const Op& op) {
  const Tensor* shape = op.input(1);
  return shape != nullptr && IsIntegerList(*shape) && shape->shape.rank == 1
             ? shape
             : nullptr;
}

Finding InferReshape(const Op& op, Shape* y) {
  Shape wanted;
  if (const Tensor* shape = ShapeInput(op)) {
    if (shape->shape.Elements() > Shape::kMaxRank) {
      return Unsupported("rank above 6");
    }
    wanted.rank = shape->shape.Elements();
    for (std::size_t i = 0; i < wanted.rank; ++i) {
      const std::int64_t size = IntegerAt(*shape, i);
      if (size < -1 || !SetDimension(size + 1, &wanted.dims[i])) {
        return Invalid("a dimension is below -1 or too large");
      }
      --wanted.dims[i];
    }
  } else {
    wanted = op.options.new_shape;
    if (wanted.rank == 1 && wanted[0] == 0) wanted.rank = 0;
  }
  const std::size_t elements = op.inputs[0]->shape.Elements();
  if (Solve(wanted, elements, y)) return {};
  if (wanted.rank > 0 && wanted[0] == 1) {
    wanted.dims[0] = -1;
    if (Solve(wanted, elements, y)) return {};
  }
  return Invalid("the new shape does not fit the elements");
}

StatusCode PrepareReshape(PrepareContext& context, Op& op) {
  if (op.inputs.empty() || op.inputs.size() > 2 || op.outputs.size() != 1 ||
      op.inputs[0] == nullptr || op.outputs[0] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x[, shape] -> y");
  }
  const Finding moved = CheckMoved(*op.inputs[0], *op.outputs[0]);
  if (!moved.ok()) return Report(context, moved);
  const Tensor* shape = ShapeInput(op);
  if (shape == nullptr && !op.options.has_new_shape) {
    return context.Fail(StatusCode::kInvalidArgument, "no new shape is given");
  }
  const bool known = shape == nullptr || shape->is_constant;
  if (known) context.AllowInPlace(0, 0);
  return ShapeInPrepare(context, op, known, InferReshape);
}

Finding InferSqueeze(const Op& op, Shape* y) {
  const Shape& x = op.inputs[0]->shape;
  const Shape& list = op.options.new_shape;
  bool drop[Shape::kMaxRank] = {};
  for (std::size_t i = 0; i < list.rank; ++i) {
    std::size_t axis = 0;
    if (!ResolveAxis(list[i], x.rank, &axis)) {
      return Invalid("a squeezed dimension is outside x's rank");
    }
    if (x[axis] != 1) return Invalid("a squeezed dimension is not 1");
    drop[axis] = true;
  }
  *y = {};
  for (std::size_t i = 0; i < x.rank; ++i) {
    if (!drop[i] && !(list.rank == 0 && x[i] == 1)) y->dims[y->rank++] = x[i];
  }
  return {};
}

StatusCode PrepareSqueeze(PrepareContext& context, Op& op) {
  if (!HasArity(op, 1, 1, 1)) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x -> y");
  }
  const Finding moved = CheckMoved(*op.inputs[0], *op.outputs[0]);
  if (!moved.ok()) return Report(context, moved);
  context.AllowInPlace(0, 0);
  return ShapeInPrepare(context, op, true, InferSqueeze);
}

Finding InferExpandDims(const Op& op, Shape* y) {
  const Shape& x = op.inputs[0]->shape;
  if (x.rank == Shape::kMaxRank) return Unsupported("rank above 6");
  std::int64_t wanted = 0;
  std::size_t axis = 0;
  if (!ReadInteger(*op.inputs[1], &wanted) ||
      !ResolveAxis(wanted, x.rank + 1, &axis)) {
    return Invalid("axis is not one integer inside y's rank");
  }
  *y = {};
  y->rank = x.rank + 1;
  for (std::size_t i = 0; i < y->rank; ++i) {
    y->dims[i] = i == axis ? 1 : x[i < axis ? i : i - 1];
  }
  return {};
}

StatusCode PrepareExpandDims(PrepareContext& context, Op& op) {
  if (!HasArity(op, 2, 2, 1)) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x, axis -> y");
  }
  const Finding moved = CheckMoved(*op.inputs[0], *op.outputs[0]);
  if (!moved.ok()) return Report(context, moved);
  const bool known = op.inputs[1]->is_constant;
  if (known) context.AllowInPlace(0, 0);
  return ShapeInPrepare(context, op, known, InferExpandDims);
}

StatusCode PrepareDensify(PrepareContext& context, Op& op) {
  if (!HasArity(op, 1, 1, 1)) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x -> y");
  }
  if (!op.inputs[0]->is_constant) {
    return context.Fail(StatusCode::kUnimplemented,
                        "sparse tensors that are not constant");
  }
  const Finding moved = CheckMoved(*op.inputs[0], *op.outputs[0]);
  if (!moved.ok()) return Report(context, moved);
  op.outputs[0]->is_dynamic = false;
  op.outputs[0]->shape = op.inputs[0]->shape;
  return StatusCode::kOk;
}

template <InferShape kInfer>
StatusCode Eval(EvalContext& context, const Op& op) {
  const StatusCode code = ShapeInEval(context, op, kInfer);
  if (code != StatusCode::kOk) return code;
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  const std::size_t bytes = x.bytes();
  if (y.data != x.data && bytes > 0) std::memcpy(y.data, x.data, bytes);
  return StatusCode::kOk;
}

Finding InferSame(const Op& op, Shape* y) {
  *y = op.inputs[0]->shape;
  return {};
}

}  // namespace

extern const Kernel kReshape = {PrepareReshape, Eval<InferReshape>};
extern const Kernel kSqueeze = {PrepareSqueeze, Eval<InferSqueeze>};
extern const Kernel kExpandDims = {PrepareExpandDims, Eval<InferExpandDims>};
extern const Kernel kDensify = {PrepareDensify, Eval<InferSame>};

}  // namespace sotto::runtime
