// GATHER_ND: the slices of x that tuples of indices name.
//
//   in 0   x        any type of whole bytes
//   in 1   indices  int32 or int64 [..., n], n at most x's rank
//   out 0  y        [..., x.shape[n:]]: y[i] = x[indices[i]]

#include <cstring>

#include "runtime/kernels/movement/index_tuples.h"

namespace sotto::runtime {
namespace {

Finding Infer(const Op& op, Shape* y) {
  const Shape &x = op.inputs[0]->shape, &indices = op.inputs[1]->shape;
  const auto depth = static_cast<std::size_t>(indices[indices.rank - 1]);
  if (indices.rank - 1 + x.rank - depth > Shape::kMaxRank) {
    return Unsupported("rank above 6");
  }
  *y = {};
  for (std::size_t i = 0; i + 1 < indices.rank; ++i) {
    y->dims[y->rank++] = indices[i];
  }
  for (std::size_t i = depth; i < x.rank; ++i) y->dims[y->rank++] = x[i];
  return IsBounded(*y) ? Finding{} : Invalid("y is too large");
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (!HasArity(op, 2, 2, 1)) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x, indices -> y");
  }
  Finding finding = CheckMoved(*op.inputs[0], *op.outputs[0]);
  if (finding.ok()) {
    finding = CheckTuples(*op.inputs[1], op.inputs[0]->shape.rank);
  }
  if (!finding.ok()) return Report(context, finding);
  return ShapeInPrepare(context, op, true, Infer);
}

StatusCode Eval(EvalContext& context, const Op& op) {
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  const IndexTuples tuples(*op.inputs[1], x.shape);
  if (y.shape.Elements() == 0) return StatusCode::kOk;
  const std::size_t bytes = tuples.slice() * ElementBytes(x.type);
  for (std::size_t i = 0; i < tuples.count(); ++i) {
    std::size_t slice = 0;
    if (!tuples.Find(i, &slice)) {
      return context.Fail(StatusCode::kInvalidArgument,
                          "an index is outside x");
    }
    std::memcpy(y.as<std::uint8_t>() + i * bytes,
                x.as<const std::uint8_t>() + slice * bytes, bytes);
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kGatherNd = {Prepare, Eval};

}  // namespace sotto::runtime
