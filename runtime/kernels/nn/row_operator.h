// What the operators on rows share: SOFTMAX, LOG_SOFTMAX, L2_NORMALIZATION take
// a tensor of rank 1 or more as rows of its last dimension, each by itself.

#ifndef SOTTO_RUNTIME_KERNELS_NN_ROW_OPERATOR_H_
#define SOTTO_RUNTIME_KERNELS_NN_ROW_OPERATOR_H_

#include <cstddef>

#include "runtime/core/kernel.h"
#include "runtime/kernels/nn/requantize.h"

namespace sotto::runtime {

// x -> y of these types, y of x's shape; integers with one scale each.
// UNIMPLEMENTED: other types. INVALID_ARGUMENT: arity, rank or scales.
inline StatusCode PrepareRows(PrepareContext& context, Op& op,
                              ElementType x_type, ElementType y_type) {
  if (op.inputs.size() != 1 || op.outputs.size() != 1 ||
      op.inputs[0] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x -> y");
  }
  const Tensor& x = *op.inputs[0];
  Tensor& y = *op.outputs[0];
  if (x.type != x_type || y.type != y_type) {
    return context.Fail(StatusCode::kUnimplemented,
                        "not this kernel's types of x and y");
  }
  if (x.shape.rank < 1) {
    return context.Fail(StatusCode::kInvalidArgument, "wants a rank of 1 up");
  }
  if (x_type != ElementType::kFloat32 &&
      (!IsQuantizedPerTensor(x) || !IsQuantizedPerTensor(y))) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "x and y want one scale each and a fitting zero point");
  }
  y.shape = x.shape;
  y.is_dynamic = false;
  return StatusCode::kOk;
}

// Calls body(x row, y row, length of a row) for every row that has elements.
template <typename X, typename Y, typename Body>
void ForEachRow(const Op& op, const Body& body) {
  const Shape& shape = op.inputs[0]->shape;
  const auto depth = static_cast<std::size_t>(shape[shape.rank - 1]);
  const std::size_t size = shape.Elements();
  const X* x = op.inputs[0]->as<const X>();
  Y* y = op.outputs[0]->as<Y>();
  for (std::size_t at = 0; at < size; at += depth) body(x + at, y + at, depth);
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_NN_ROW_OPERATOR_H_
