// The loop nest under most operators that move elements: a block of elements
// is read with one set of strides and written with another.
//
//   to[sum_k i_k * to_step_k] = from[sum_k i_k * from_step_k],
//   0 <= i_k < size_k, all offsets in bytes
//
// Both sides stay inside their tensors: the caller has checked the corners, and
// a corner lies below 2^31 elements of at most 8 bytes, so that no offset
// overflows.

#ifndef SOTTO_RUNTIME_KERNELS_MOVEMENT_BLOCK_COPY_H_
#define SOTTO_RUNTIME_KERNELS_MOVEMENT_BLOCK_COPY_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "runtime/core/tensor.h"

namespace sotto::runtime {

class BlockCopy {
 public:
  // Two for each dimension of a tensor: blocks in a grid, elements in a block.
  static constexpr std::size_t kMaxRank = 2 * Shape::kMaxRank;

  explicit BlockCopy(std::size_t element_bytes) : unit_(element_bytes) {}

  // One more dimension, inside those before. Steps are in elements; those of
  // `from` may be negative or 0. At most kMaxRank times.
  void Add(std::size_t size, std::ptrdiff_t from_step, std::ptrdiff_t to_step);

  // `from` and `to` are where index 0 of every dimension lies. They do not
  // overlap. Nothing is read or written where a size is 0.
  void Run(const void* from, void* to) const;

 private:
  struct Dimension {
    std::size_t size;
    std::ptrdiff_t from, to;  // in bytes
  };
  struct Nest;

  std::size_t unit_;
  std::size_t rank_ = 0;
  bool empty_ = false;
  std::array<Dimension, kMaxRank> dims_ = {};
};

// Row-major strides of a shape, in elements.
std::array<std::ptrdiff_t, Shape::kMaxRank> StridesOf(const Shape& shape);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_MOVEMENT_BLOCK_COPY_H_
