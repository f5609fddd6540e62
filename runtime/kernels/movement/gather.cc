// GATHER: slices of x along an axis, in the order of a list.
//
//   in 0   x        any type of whole bytes
//   in 1   indices  int32 or int64, each in [0, x.shape[axis])
//   out 0  y        y[batch, outer, k, inner] = x[batch, outer,
//                   indices[batch, k], inner]
//
// Reads axis and batch_dims (both may be negative): the first batch_dims
// dimensions, alike in x and indices, are the batch; outer are x's from there
// to axis, inner those behind it, k the rest of indices'.

#include <cstring>

#include "runtime/kernels/movement/late_shape.h"

namespace sotto::runtime {
namespace {

struct Geometry {
  std::size_t axis = 0, batch_dims = 0;
  std::size_t batch = 1, outer = 1, size = 1, picks = 1;
  std::size_t run_bytes = 0;
};

Finding Resolve(const Op& op, Geometry* g, Shape* y) {
  const Shape &x = op.inputs[0]->shape, &indices = op.inputs[1]->shape;
  if (!ResolveAxis(op.options.axis, x.rank, &g->axis)) {
    return Invalid("axis is outside x's rank");
  }
  // batch_dims may be as large as the rank of the indices.
  std::int64_t batch_dims = op.options.batch_dims;
  if (batch_dims < 0) batch_dims += static_cast<std::int64_t>(indices.rank);
  if (batch_dims < 0 || batch_dims > static_cast<std::int64_t>(indices.rank) ||
      batch_dims > static_cast<std::int64_t>(g->axis)) {
    return Invalid("batch_dims is beyond axis or the rank of indices");
  }
  g->batch_dims = static_cast<std::size_t>(batch_dims);
  if (x.rank - 1 + indices.rank - g->batch_dims > Shape::kMaxRank) {
    return Unsupported("rank above 6");
  }
  *y = {};
  for (std::size_t i = 0; i < g->axis; ++i) {
    if (i < g->batch_dims && x[i] != indices[i]) {
      return Invalid("x and indices differ in a batch dimension");
    }
    y->dims[y->rank++] = x[i];
    (i < g->batch_dims ? g->batch : g->outer) *= static_cast<std::size_t>(x[i]);
  }
  for (std::size_t i = g->batch_dims; i < indices.rank; ++i) {
    y->dims[y->rank++] = indices[i];
  }
  for (std::size_t i = g->axis + 1; i < x.rank; ++i) {
    y->dims[y->rank++] = x[i];
  }
  g->size = static_cast<std::size_t>(x[g->axis]);
  g->picks = indices.ElementsFrom(g->batch_dims);
  g->run_bytes = x.ElementsFrom(g->axis + 1) * ElementBytes(op.inputs[0]->type);
  return IsBounded(*y) ? Finding{} : Invalid("y is too large");
}

Finding Infer(const Op& op, Shape* y) {
  Geometry geometry;
  return Resolve(op, &geometry, y);
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (!HasArity(op, 2, 2, 1)) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x, indices -> y");
  }
  const Finding moved = CheckMoved(*op.inputs[0], *op.outputs[0]);
  if (!moved.ok()) return Report(context, moved);
  if (!IsIntegerList(*op.inputs[1])) {
    return context.Fail(StatusCode::kUnimplemented,
                        "indices that are not int32 or int64");
  }
  return ShapeInPrepare(context, op, true, Infer);
}

StatusCode Eval(EvalContext& context, const Op& op) {
  const Tensor &x = *op.inputs[0], &indices = *op.inputs[1];
  Geometry g;
  Shape shape;
  const Finding finding = Resolve(op, &g, &shape);
  if (!finding.ok()) return Report(context, finding);
  const std::size_t count = indices.shape.Elements();
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t index = IntegerAt(indices, i);
    if (index < 0 || index >= static_cast<std::int64_t>(g.size)) {
      return context.Fail(StatusCode::kInvalidArgument,
                          "an index is outside x's axis");
    }
  }
  if (op.outputs[0]->shape.Elements() == 0) return StatusCode::kOk;
  auto* to = op.outputs[0]->as<std::uint8_t>();
  const auto* from = x.as<const std::uint8_t>();
  for (std::size_t b = 0; b < g.batch; ++b) {
    for (std::size_t o = 0; o < g.outer; ++o) {
      for (std::size_t k = 0; k < g.picks; ++k) {
        const auto index =
            static_cast<std::size_t>(IntegerAt(indices, b * g.picks + k));
        std::memcpy(to, from + index * g.run_bytes, g.run_bytes);
        to += g.run_bytes;
      }
      from += g.size * g.run_bytes;
    }
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kGather = {Prepare, Eval};

}  // namespace sotto::runtime
