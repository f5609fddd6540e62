// FULLY_CONNECTED, whatever the types:
//
//   y[n][o] = f(sum over i of x[n][i] * w[o][i])
//
//   in 0   x     [..., depth] or any shape of batch * depth elements
//   in 1   w     [out, depth]   constant or not
//   in 2   bias  [out], or absent
//   out 0  y     [batch, out]; with keep_dims x's shape, its last replaced
//
// operands.h has the types; int8 weights of one scale may have a zero point.
// Reads activation, keep_dims.

#ifndef SOTTO_RUNTIME_KERNELS_NN_FULLY_CONNECTED_H_
#define SOTTO_RUNTIME_KERNELS_NN_FULLY_CONNECTED_H_

#include <cstddef>
#include <cstdint>

#include "runtime/core/kernel.h"
#include "runtime/kernels/nn/operands.h"

namespace sotto::runtime {

struct FullyConnected {
  std::size_t batch, depth, out;
};

// Arity and shapes; sets y's shape. INVALID_ARGUMENT: they do not fit.
StatusCode PrepareFullyConnected(PrepareContext& context, Op& op);
// Of a prepared op.
FullyConnected MakeFullyConnected(const Op& op);
inline Operands FullyConnectedOperands(const Op& op) {
  return {.x = op.inputs[0],
          .w = op.inputs[1],
          .bias = op.input(2),
          .y = op.outputs[0],
          .dimension = 0,
          .is_matrix_product = true};
}

// One row. dot(x, w, size) sums products; finish(sum, channel) makes an element
// of y.
template <typename X, typename W, typename Y, typename Dot, typename Finish>
void MultiplyRow(const FullyConnected& product, const X* x, const W* w, Y* y,
                 const Dot& dot, const Finish& finish) {
  for (std::size_t o = 0; o < product.out; ++o, w += product.depth) {
    y[o] = finish(dot(x, w, product.depth), o);
  }
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_NN_FULLY_CONNECTED_H_
