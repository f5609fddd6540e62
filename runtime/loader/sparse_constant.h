// Sparse constants to dense ones.
//
// A tensor of rank n with blocks of rank k is stored as a tree of n + k levels.
// Level l walks dimension traversal_order[l]: below n a dimension of the tensor
// (counted in blocks), from n on one inside a block, which block_map maps to a
// dimension of the tensor. A dense level has all coordinates; a compressed one
// lists, for position p of the level above, the coordinates
// indices[segments[p] .. segments[p + 1]). The leaves, in order, are the stored
// values; every other element is zero.

#ifndef SOTTO_RUNTIME_LOADER_SPARSE_CONSTANT_H_
#define SOTTO_RUNTIME_LOADER_SPARSE_CONSTANT_H_

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "proto/model/tflite_generated.h"
#include "runtime/core/tensor.h"
#include "runtime/loader/load_budget.h"

namespace sotto::runtime {

// `values` are the leaves, of `element_bytes` each (0 is refused). Work and
// memory are bounded by the dense size, which is charged to `budget`.
//
// INVALID_ARGUMENT: the levels contradict the shape, each other or the number
// of values; coordinates out of range or not ascending.
absl::StatusOr<Bytes> ExpandSparse(const tflite::SparsityParameters& in,
                                   const Shape& shape,
                                   std::size_t element_bytes, ByteView values,
                                   LoadBudget& budget);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_LOADER_SPARSE_CONSTANT_H_
