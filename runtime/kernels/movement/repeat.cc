// TILE and BROADCAST_TO: x repeated.
//
//   in 0   x   any type of whole bytes
//   in 1   TILE: multiples, int32 or int64 [rank]
//          BROADCAST_TO: shape, int32 or int64 [at least rank]
//   out 0  y   TILE: y[i] = x[i mod x.shape], y.shape = x.shape * multiples
//              BROADCAST_TO: y of `shape`; dimensions are aligned at the last,
//              and those of x that are 1 or absent are repeated

#include "runtime/kernels/movement/block_copy.h"
#include "runtime/kernels/movement/late_shape.h"

namespace sotto::runtime {
namespace {

Finding InferTile(const Op& op, Shape* y) {
  const Shape& x = op.inputs[0]->shape;
  Integers multiples;
  if (!ReadIntegers(*op.inputs[1], &multiples) || multiples.count != x.rank) {
    return Invalid("multiples are not integers [rank of x]");
  }
  *y = x;
  for (std::size_t i = 0; i < x.rank; ++i) {
    std::int32_t multiple = 0;
    if (!SetDimension(multiples[i], &multiple) ||
        !SetDimension(std::int64_t{x[i]} * multiple, &y->dims[i])) {
      return Invalid("a multiple is negative or too large");
    }
  }
  return IsBounded(*y) ? Finding{} : Invalid("y is too large");
}

Finding InferBroadcast(const Op& op, Shape* y) {
  const Shape& x = op.inputs[0]->shape;
  Integers list;
  if (!ReadIntegers(*op.inputs[1], &list)) {
    return Invalid("the shape is not a list of integers");
  }
  if (list.count > Shape::kMaxRank) return Unsupported("rank above 6");
  if (!ToShape(list, y) || !IsBounded(*y)) {
    return Invalid("a dimension is negative or y is too large");
  }
  if (y->rank < x.rank) return Invalid("y has fewer dimensions than x");
  for (std::size_t i = 0; i < x.rank; ++i) {
    if (x[i] != 1 && x[i] != y->dims[y->rank - x.rank + i]) {
      return Invalid("a dimension of x is neither 1 nor that of y");
    }
  }
  return {};
}

template <InferShape kInfer>
StatusCode Prepare(PrepareContext& context, Op& op) {
  if (!HasArity(op, 2, 2, 1)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants x, multiples or shape -> y");
  }
  const Finding moved = CheckMoved(*op.inputs[0], *op.outputs[0]);
  if (!moved.ok()) return Report(context, moved);
  return ShapeInPrepare(context, op, op.inputs[1]->is_constant, kInfer);
}

StatusCode EvalTile(EvalContext& context, const Op& op) {
  const StatusCode code = ShapeInEval(context, op, InferTile);
  if (code != StatusCode::kOk) return code;
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  if (y.shape.Elements() == 0) return StatusCode::kOk;
  const auto from = StridesOf(x.shape), to = StridesOf(y.shape);
  BlockCopy block(ElementBytes(x.type));
  for (std::size_t i = 0; i < x.shape.rank; ++i) {
    const auto size = static_cast<std::size_t>(x.shape[i]);
    block.Add(static_cast<std::size_t>(y.shape[i]) / size, 0,
              to[i] * x.shape[i]);
    block.Add(size, from[i], to[i]);
  }
  block.Run(x.data, y.data);
  return StatusCode::kOk;
}

StatusCode EvalBroadcast(EvalContext& context, const Op& op) {
  const StatusCode code = ShapeInEval(context, op, InferBroadcast);
  if (code != StatusCode::kOk) return code;
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  if (y.shape.Elements() == 0) return StatusCode::kOk;
  const auto from = StridesOf(x.shape), to = StridesOf(y.shape);
  const std::size_t missing = y.shape.rank - x.shape.rank;
  BlockCopy block(ElementBytes(x.type));
  for (std::size_t i = 0; i < y.shape.rank; ++i) {
    const bool repeated = i < missing || x.shape[i - missing] == 1;
    block.Add(static_cast<std::size_t>(y.shape[i]),
              repeated ? 0 : from[i - missing], to[i]);
  }
  block.Run(x.data, y.data);
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kTile = {Prepare<InferTile>, EvalTile};
extern const Kernel kBroadcastTo = {Prepare<InferBroadcast>, EvalBroadcast};

}  // namespace sotto::runtime
