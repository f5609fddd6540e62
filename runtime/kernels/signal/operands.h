// Checks that the operators of the audio front end share.

#ifndef SOTTO_RUNTIME_KERNELS_SIGNAL_OPERANDS_H_
#define SOTTO_RUNTIME_KERNELS_SIGNAL_OPERANDS_H_

#include <cstddef>
#include <cstdint>

#include "runtime/core/kernel.h"

namespace sotto::runtime {

// So many inputs and outputs, none absent.
inline bool HasOperands(const Op& op, std::size_t inputs, std::size_t outputs) {
  if (op.inputs.size() != inputs || op.outputs.size() != outputs) return false;
  for (const Tensor* t : op.inputs) {
    if (t == nullptr) return false;
  }
  for (const Tensor* t : op.outputs) {
    if (t == nullptr) return false;
  }
  return true;
}

inline bool IsVectorOf(const Tensor& t, ElementType type) {
  return t.type == type && t.shape.rank == 1;
}

inline std::size_t LastDim(const Tensor& t) {
  return static_cast<std::size_t>(t.shape[t.shape.rank - 1]);
}

// How many vectors along the last dimension; that is not 0.
inline std::size_t Rows(const Tensor& t) {
  return t.shape.Elements() / LastDim(t);
}

inline void SetOutput(Tensor& y, const Shape& shape) {
  y.shape = shape;
  y.is_dynamic = false;
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_SIGNAL_OPERANDS_H_
