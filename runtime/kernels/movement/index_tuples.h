// Indices of GATHER_ND and SCATTER_ND: the last dimension of an integer tensor
// holds tuples, each of which names a slice by its first dimensions.

#ifndef SOTTO_RUNTIME_KERNELS_MOVEMENT_INDEX_TUPLES_H_
#define SOTTO_RUNTIME_KERNELS_MOVEMENT_INDEX_TUPLES_H_

#include <cstddef>
#include <cstdint>

#include "runtime/kernels/movement/late_shape.h"

namespace sotto::runtime {

// The indices of `tuples` into a tensor of shape `of`.
class IndexTuples {
 public:
  // tuples.shape.rank is at least 1 and its last dimension at most of.rank.
  IndexTuples(const Tensor& tuples, const Shape& of)
      : tuples_(tuples),
        of_(of),
        depth_(static_cast<std::size_t>(tuples.shape[tuples.shape.rank - 1])) {
    for (std::size_t i = 0; i + 1 < tuples.shape.rank; ++i) {
      count_ *= static_cast<std::size_t>(tuples.shape[i]);
    }
  }

  std::size_t count() const { return count_; }
  // Elements of one slice.
  std::size_t slice() const { return of_.ElementsFrom(depth_); }
  // Number of the slice that tuple i names. False: outside the tensor.
  bool Find(std::size_t i, std::size_t* slice) const {
    *slice = 0;
    for (std::size_t k = 0; k < depth_; ++k) {
      const std::int64_t index = IntegerAt(tuples_, i * depth_ + k);
      if (index < 0 || index >= of_[k]) return false;
      *slice = *slice * static_cast<std::size_t>(of_[k]) +
               static_cast<std::size_t>(index);
    }
    return true;
  }

 private:
  const Tensor& tuples_;
  const Shape& of_;
  std::size_t depth_, count_ = 1;
};

// Whether such tuples can name slices of a tensor of rank `rank`.
inline Finding CheckTuples(const Tensor& tuples, std::size_t rank) {
  if (!IsIntegerList(tuples)) {
    return Unsupported("indices that are not int32 or int64");
  }
  if (tuples.shape.rank < 1 ||
      tuples.shape[tuples.shape.rank - 1] > static_cast<std::int32_t>(rank)) {
    return Invalid("indices have no tuples, or longer ones than the rank");
  }
  return {};
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_MOVEMENT_INDEX_TUPLES_H_
