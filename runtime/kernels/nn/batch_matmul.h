// BATCH_MATMUL, whatever the types:
//
//   y[b][i][j] = f(sum over k of a[b][i][k] * c[b][k][j])
//
//   in 0   a  [batches..., rows, depth], or [.., depth, rows] with transpose_a
//   in 1   c  [batches..., depth, columns], or [.., columns, depth] with
//             transpose_b
//   out 0  y  [batches..., rows, columns]
//
// The leading dimensions are broadcast against each other, 1s put in front of
// the shorter list. Reads transpose_a, transpose_b.
//
//   a      c      y
//   f32    f32    f32
//   f32    int8   f32      one scale for c, zero point 0: hybrid
//   int8   int8   int8     one scale each, any zero points
//   int16  int16  int16    one scale each, zero points 0

#ifndef SOTTO_RUNTIME_KERNELS_NN_BATCH_MATMUL_H_
#define SOTTO_RUNTIME_KERNELS_NN_BATCH_MATMUL_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "runtime/core/kernel.h"

namespace sotto::runtime {

struct BatchMatmul {
  std::size_t batches, rows, depth, columns;
  // From one row, column or step of depth to the next, in elements.
  std::size_t a_row, a_depth, c_depth, c_column;
  // Leading dimensions of y, and the steps of a and c along each (0 where
  // broadcast).
  std::array<std::size_t, Shape::kMaxRank> dims, a_steps, c_steps;

  struct Offsets {
    std::size_t a, c;
  };
  Offsets At(std::size_t batch) const {
    Offsets at = {0, 0};
    for (std::size_t i = Shape::kMaxRank; i-- > 0;) {
      at.a += batch % dims[i] * a_steps[i];
      at.c += batch % dims[i] * c_steps[i];
      batch /= dims[i];
    }
    return at;
  }
};

// Arity and shapes; sets y's shape and *product. INVALID_ARGUMENT: they do not
// fit.
StatusCode PrepareBatchMatmul(PrepareContext& context, Op& op);
// Of a prepared op.
BatchMatmul MakeBatchMatmul(const Op& op);

// sum(a, c) of one row and one column, from their first elements; finish(sum)
// makes an element of y.
template <typename A, typename C, typename Y, typename Sum, typename Finish>
void MultiplyBatches(const BatchMatmul& m, const A* a, const C* c, Y* y,
                     const Sum& sum, const Finish& finish) {
  for (std::size_t b = 0; b < m.batches; ++b) {
    const BatchMatmul::Offsets at = m.At(b);
    for (std::size_t i = 0; i < m.rows; ++i) {
      for (std::size_t j = 0; j < m.columns; ++j) {
        *y++ = finish(sum(a + at.a + i * m.a_row, c + at.c + j * m.c_column));
      }
    }
  }
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_NN_BATCH_MATMUL_H_
