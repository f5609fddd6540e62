// TRANSPOSE and REVERSE_V2: the dimensions of x in another order, or walked
// backwards.
//
//   in 0   x     any type of whole bytes
//   in 1   TRANSPOSE: perm, int32 or int64 [rank], each dimension once
//          REVERSE_V2: axes, int32 or int64 [n], none twice
//   out 0  y     TRANSPOSE: y[i_perm[0], i_perm[1], ...] = x[i_0, i_1, ...]
//                REVERSE_V2: y[..., i, ...] = x[..., size - 1 - i, ...]

#include "runtime/kernels/movement/block_copy.h"
#include "runtime/kernels/movement/late_shape.h"

namespace sotto::runtime {
namespace {

// Input 1 as axes of x, each at most once.
struct DistinctAxes {
  std::size_t count = 0;
  std::array<std::size_t, Shape::kMaxRank> axes = {};
  std::array<bool, Shape::kMaxRank> has = {};
};

Finding ReadDistinctAxes(const Op& op, DistinctAxes* out) {
  const Shape& x = op.inputs[0]->shape;
  Integers list;
  if (!ReadIntegers(*op.inputs[1], &list) || list.count > x.rank) {
    return Invalid("axes are not integers, at most one for each dimension");
  }
  out->count = list.count;
  for (std::size_t i = 0; i < list.count; ++i) {
    std::size_t& axis = out->axes[i];
    if (!ResolveAxis(list[i], x.rank, &axis) || out->has[axis]) {
      return Invalid("an axis is outside x's rank or given twice");
    }
    out->has[axis] = true;
  }
  return {};
}

Finding InferTranspose(const Op& op, Shape* y) {
  const Shape& x = op.inputs[0]->shape;
  DistinctAxes perm;
  const Finding finding = ReadDistinctAxes(op, &perm);
  if (!finding.ok()) return finding;
  if (perm.count != x.rank) return Invalid("perm lacks a dimension");
  *y = x;
  for (std::size_t i = 0; i < x.rank; ++i) y->dims[i] = x[perm.axes[i]];
  return {};
}

StatusCode CheckTensors(PrepareContext& context, const Op& op) {
  if (!HasArity(op, 2, 2, 1)) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x, axes -> y");
  }
  return Report(context, CheckMoved(*op.inputs[0], *op.outputs[0]));
}

StatusCode PrepareTranspose(PrepareContext& context, Op& op) {
  const StatusCode code = CheckTensors(context, op);
  if (code != StatusCode::kOk) return code;
  return ShapeInPrepare(context, op, op.inputs[1]->is_constant, InferTranspose);
}

StatusCode EvalTranspose(EvalContext& context, const Op& op) {
  const StatusCode code = ShapeInEval(context, op, InferTranspose);
  if (code != StatusCode::kOk) return code;
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  DistinctAxes perm;
  const Finding finding = ReadDistinctAxes(op, &perm);
  if (!finding.ok()) return Report(context, finding);
  if (y.shape.Elements() == 0) return StatusCode::kOk;
  const auto from = StridesOf(x.shape), to = StridesOf(y.shape);
  BlockCopy block(ElementBytes(x.type));
  for (std::size_t i = 0; i < y.shape.rank; ++i) {
    block.Add(static_cast<std::size_t>(y.shape[i]), from[perm.axes[i]], to[i]);
  }
  block.Run(x.data, y.data);
  return StatusCode::kOk;
}

StatusCode PrepareReverse(PrepareContext& context, Op& op) {
  const StatusCode code = CheckTensors(context, op);
  if (code != StatusCode::kOk) return code;
  op.outputs[0]->is_dynamic = false;
  op.outputs[0]->shape = op.inputs[0]->shape;
  DistinctAxes axes;
  return op.inputs[1]->is_constant
             ? Report(context, ReadDistinctAxes(op, &axes))
             : StatusCode::kOk;
}

StatusCode EvalReverse(EvalContext& context, const Op& op) {
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  DistinctAxes axes;
  const Finding finding = ReadDistinctAxes(op, &axes);
  if (!finding.ok()) return Report(context, finding);
  if (y.shape.Elements() == 0) return StatusCode::kOk;
  const std::size_t width = ElementBytes(x.type);
  const auto strides = StridesOf(x.shape);
  BlockCopy block(width);
  std::ptrdiff_t offset = 0;
  for (std::size_t i = 0; i < x.shape.rank; ++i) {
    if (axes.has[i]) offset += (x.shape[i] - 1) * strides[i];
    block.Add(static_cast<std::size_t>(x.shape[i]),
              axes.has[i] ? -strides[i] : strides[i], strides[i]);
  }
  block.Run(
      x.as<const std::uint8_t>() + offset * static_cast<std::ptrdiff_t>(width),
      y.data);
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kTranspose = {PrepareTranspose, EvalTranspose};
extern const Kernel kReverseV2 = {PrepareReverse, EvalReverse};

}  // namespace sotto::runtime
