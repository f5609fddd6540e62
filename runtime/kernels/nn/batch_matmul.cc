#include "runtime/kernels/nn/batch_matmul.h"

#include <algorithm>

namespace sotto::runtime {
namespace {

// Dimension `i` of kMaxRank leading ones; 1 in front of the shape's own.
std::int32_t LeadingDim(const Shape& shape, std::size_t i) {
  const std::size_t leading = shape.rank - 2;
  const std::size_t missing = Shape::kMaxRank - leading;
  return i < missing ? 1 : shape[i - missing];
}

}  // namespace

StatusCode PrepareBatchMatmul(PrepareContext& context, Op& op) {
  if (op.inputs.size() != 2 || op.outputs.size() != 1 ||
      op.inputs[0] == nullptr || op.inputs[1] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument, "wants a, c -> y");
  }
  const Shape &a = op.inputs[0]->shape, &c = op.inputs[1]->shape;
  if (a.rank < 2 || c.rank < 2) {
    return context.Fail(StatusCode::kInvalidArgument, "wants ranks of 2 up");
  }
  const bool ta = op.options.transpose_a, tc = op.options.transpose_b;
  const std::int32_t rows = a[a.rank - (ta ? 1 : 2)];
  const std::int32_t columns = c[c.rank - (tc ? 2 : 1)];
  if (a[a.rank - (ta ? 2 : 1)] != c[c.rank - (tc ? 1 : 2)]) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "the depths of a and c differ");
  }
  Shape y;
  y.rank = std::max(a.rank, c.rank);
  for (std::size_t i = 0; i + 2 < y.rank; ++i) {
    const std::size_t at = Shape::kMaxRank - (y.rank - 2) + i;
    const std::int32_t da = LeadingDim(a, at), dc = LeadingDim(c, at);
    if (da != dc && da != 1 && dc != 1) {
      return context.Fail(StatusCode::kInvalidArgument,
                          "the batches of a and c cannot be broadcast");
    }
    y.dims[i] = da == 1 ? dc : da;
  }
  y.dims[y.rank - 2] = rows;
  y.dims[y.rank - 1] = columns;
  op.outputs[0]->shape = y;
  op.outputs[0]->is_dynamic = false;
  return StatusCode::kOk;
}

BatchMatmul MakeBatchMatmul(const Op& op) {
  const Shape &a = op.inputs[0]->shape, &c = op.inputs[1]->shape;
  const Shape& y = op.outputs[0]->shape;
  const bool ta = op.options.transpose_a, tc = op.options.transpose_b;
  BatchMatmul m = {};
  m.rows = static_cast<std::size_t>(y[y.rank - 2]);
  m.columns = static_cast<std::size_t>(y[y.rank - 1]);
  m.depth = static_cast<std::size_t>(a[a.rank - (ta ? 2 : 1)]);
  m.a_row = ta ? 1 : m.depth;
  m.a_depth = ta ? m.rows : 1;
  m.c_depth = tc ? 1 : m.columns;
  m.c_column = tc ? m.depth : 1;
  m.batches = 1;
  std::size_t a_step = m.rows * m.depth, c_step = m.depth * m.columns;
  for (std::size_t i = Shape::kMaxRank; i-- > 0;) {
    const std::int32_t da = LeadingDim(a, i), dc = LeadingDim(c, i);
    m.dims[i] = static_cast<std::size_t>(da == 1 ? dc : da);
    m.a_steps[i] = da == 1 ? 0 : a_step;
    m.c_steps[i] = dc == 1 ? 0 : c_step;
    a_step *= static_cast<std::size_t>(da);
    c_step *= static_cast<std::size_t>(dc);
    m.batches *= m.dims[i];
  }
  // No element, no batch: At never divides by a dimension of 0.
  if (y.Elements() == 0) m.batches = 0;
  return m;
}

}  // namespace sotto::runtime
