// Numpy broadcasting: shapes are aligned at their last dimension, and a
// dimension of 1 (or a missing one) repeats. A plan is the loop nest of the
// result with one stride per operand and dimension, 0 where it repeats;
// neighbouring dimensions that all operands walk alike are merged, so that
// equal shapes, a scalar and a trailing bias become long inner loops, which the
// compiler vectorises.

#ifndef SOTTO_RUNTIME_KERNELS_ELEMENTWISE_BROADCAST_H_
#define SOTTO_RUNTIME_KERNELS_ELEMENTWISE_BROADCAST_H_

#include <array>
#include <cstddef>
#include <span>

#include "runtime/core/tensor.h"

namespace sotto::runtime {

// The shape of a op b. False: a dimension is neither equal nor 1 in one.
bool BroadcastShape(const Shape& a, const Shape& b, Shape* result);

struct BroadcastPlan {
  static constexpr std::size_t kMaxOperands = 3;

  std::size_t rank = 1;  // after merging, at least 1
  std::array<std::size_t, Shape::kMaxRank> dims = {};
  // The innermost is 0 or 1, and 1 for at least one operand of a longer row.
  std::array<std::array<std::size_t, Shape::kMaxRank>, kMaxOperands> strides =
      {};

  std::size_t RowLength() const { return dims[rank - 1]; }
  bool Moves(std::size_t operand) const {
    return strides[operand][rank - 1] != 0;
  }
};

// At most kMaxOperands shapes, each of which broadcasts to `result`.
BroadcastPlan PlanBroadcast(std::span<const Shape* const> operands,
                            const Shape& result);

// row(at, from): `at` is the index of the row's first element in the result,
// from[o] that in operand o. Nothing is called for an empty result.
template <typename Row>
void ForEachRow(const BroadcastPlan& plan, const Row& row) {
  std::array<std::size_t, Shape::kMaxRank> index = {};
  std::array<std::size_t, BroadcastPlan::kMaxOperands> from = {};
  std::size_t rows = plan.RowLength() == 0 ? 0 : 1;
  for (std::size_t d = 0; d + 1 < plan.rank; ++d) rows *= plan.dims[d];
  std::size_t at = 0;
  for (std::size_t r = 0; r < rows; ++r, at += plan.RowLength()) {
    row(at, from);
    for (std::size_t d = plan.rank - 1; d-- > 0;) {
      for (std::size_t o = 0; o < from.size(); ++o) {
        from[o] += plan.strides[o][d];
      }
      if (++index[d] < plan.dims[d]) break;
      for (std::size_t o = 0; o < from.size(); ++o) {
        from[o] -= plan.strides[o][d] * plan.dims[d];
      }
      index[d] = 0;
    }
  }
}

// y[i] = f(a[i], b[i]) with a and b broadcast to y. y may be a where their
// shapes are equal.
template <typename In, typename Out, typename F>
void ApplyBinary(const Tensor& a, const Tensor& b, const Tensor& y,
                 const F& f) {
  const std::array<const Shape*, 2> shapes = {&a.shape, &b.shape};
  const BroadcastPlan plan = PlanBroadcast(shapes, y.shape);
  const std::size_t size = plan.RowLength();
  const bool a_moves = plan.Moves(0), b_moves = plan.Moves(1);
  ForEachRow(plan, [&](std::size_t at, const auto& from) {
    const In* left = a.as<const In>() + from[0];
    const In* right = b.as<const In>() + from[1];
    Out* out = y.as<Out>() + at;
    if (a_moves && b_moves) {
      for (std::size_t i = 0; i < size; ++i) out[i] = f(left[i], right[i]);
    } else if (a_moves) {
      const In same = *right;
      for (std::size_t i = 0; i < size; ++i) out[i] = f(left[i], same);
    } else {
      const In same = *left;
      for (std::size_t i = 0; i < size; ++i) out[i] = f(same, right[i]);
    }
  });
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_ELEMENTWISE_BROADCAST_H_
