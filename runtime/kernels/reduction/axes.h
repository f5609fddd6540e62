// Which axes of a tensor a reduction folds, and the walk over them that all
// reductions share. Axes come from an int32 tensor; negative ones count from
// the last, repeated ones count once.

#ifndef SOTTO_RUNTIME_KERNELS_REDUCTION_AXES_H_
#define SOTTO_RUNTIME_KERNELS_REDUCTION_AXES_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "runtime/core/kernel.h"

namespace sotto::runtime {

struct Axes {
  std::array<bool, Shape::kMaxRank> folded = {};
};

// False when an axis lies outside [-rank, rank). A scalar has no axis to fold
// and takes any list.
inline bool ReadAxes(const Tensor& axes, const Shape& x, Axes* out) {
  *out = {};
  if (x.rank == 0) return true;
  const auto rank = static_cast<std::int32_t>(x.rank);
  const std::size_t count = axes.shape.Elements();
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t axis = axes.int32s()[i];
    if (axis < -rank || axis >= rank) return false;
    out->folded[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)] = true;
  }
  return true;
}

inline Shape ReducedShape(const Shape& x, const Axes& axes, bool keep_dims) {
  Shape y;
  for (std::size_t i = 0; i < x.rank; ++i) {
    if (!axes.folded[i]) {
      y.dims[y.rank++] = x[i];
    } else if (keep_dims) {
      y.dims[y.rank++] = 1;
    }
  }
  return y;
}

// How many elements fold into one.
inline std::size_t FoldCount(const Shape& x, const Axes& axes) {
  std::size_t count = 1;
  for (std::size_t i = 0; i < x.rank; ++i) {
    if (axes.folded[i]) count *= static_cast<std::size_t>(x[i]);
  }
  return count;
}

// A mixed-radix counter over some axes of a tensor that keeps the offset of
// the element it stands at.
class AxisWalk {
 public:
  AxisWalk(const Shape& x, const Axes& axes, bool folded) {
    std::size_t stride = 1;
    for (std::size_t i = x.rank; i-- > 0;) {
      const auto size = static_cast<std::size_t>(x[i]);
      if (axes.folded[i] == folded) {
        if (rank_ > 0 && steps_[rank_ - 1] * sizes_[rank_ - 1] == stride) {
          sizes_[rank_ - 1] *= size;  // adjacent axes are one long axis
        } else {
          sizes_[rank_] = size;
          steps_[rank_++] = stride;
        }
      }
      stride *= size;
    }
  }
  // Length and stride of the innermost axis; (1, 0) where there is none.
  std::size_t inner_size() const { return rank_ > 0 ? sizes_[0] : 1; }
  std::size_t inner_step() const { return rank_ > 0 ? steps_[0] : 0; }
  std::size_t offset() const { return offset_; }
  // Goes on by one element of the axes from `first` on; false, and back at the
  // start, after the last.
  bool Next(std::size_t first = 0) {
    for (std::size_t i = first; i < rank_; ++i) {
      offset_ += steps_[i];
      if (++at_[i] < sizes_[i]) return true;
      offset_ -= steps_[i] * sizes_[i];
      at_[i] = 0;
    }
    return false;
  }

 private:
  std::size_t rank_ = 0, offset_ = 0;
  std::array<std::size_t, Shape::kMaxRank> sizes_ = {}, steps_ = {}, at_ = {};
};

// y[o] = finish(fold(... fold(start, x) ..., x)) over the elements that fold
// into output o, in the order of their memory.
template <typename T, typename A, typename Y, typename Fold, typename Finish>
void Reduce(const Shape& shape, const Axes& axes, const T* x, Y* y, A start,
            const Fold& fold, const Finish& finish) {
  const bool empty = FoldCount(shape, axes) == 0;
  std::size_t outputs = 1;
  for (std::size_t i = 0; i < shape.rank; ++i) {
    if (!axes.folded[i]) outputs *= static_cast<std::size_t>(shape[i]);
  }
  AxisWalk kept(shape, axes, false), folded(shape, axes, true);
  const std::size_t size = folded.inner_size(), step = folded.inner_step();
  for (std::size_t o = 0; o < outputs; ++o, kept.Next()) {
    A sum = start;
    if (!empty) {
      do {
        const T* at = x + kept.offset() + folded.offset();
        for (std::size_t i = 0; i < size; ++i) sum = fold(sum, at[i * step]);
      } while (folded.Next(1));
    }
    y[o] = finish(sum);
  }
}

// The checks that every reduction shares: x, axes -> y, of one type;
// sets y's shape, or makes it dynamic where the axes are not constant.
inline StatusCode PrepareReduction(PrepareContext& context, Op& op) {
  if (op.inputs.size() != 2 || op.outputs.size() != 1 || !op.input(0) ||
      !op.input(1) || op.outputs[0] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x, axes -> y");
  }
  const Tensor &x = *op.inputs[0], &axes = *op.inputs[1];
  Tensor& y = *op.outputs[0];
  if (axes.type != ElementType::kInt32 || axes.shape.rank > 1) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "axes are not an int32 scalar or vector");
  }
  if (y.type != x.type) {
    return context.Fail(StatusCode::kInvalidArgument, "types of x and y");
  }
  y.is_dynamic = !axes.is_constant;
  if (!axes.is_constant) return StatusCode::kOk;
  Axes folded;
  if (!ReadAxes(axes, x.shape, &folded)) {
    return context.Fail(StatusCode::kInvalidArgument, "axis out of range");
  }
  y.shape = ReducedShape(x.shape, folded, op.options.keep_dims);
  return StatusCode::kOk;
}

// Reads the axes in Eval and gives a dynamic y its shape.
inline StatusCode BeginReduction(EvalContext& context, const Op& op,
                                 Axes* axes) {
  const Tensor& x = *op.inputs[0];
  if (!ReadAxes(*op.inputs[1], x.shape, axes)) {
    return context.Fail(StatusCode::kInvalidArgument, "axis out of range");
  }
  Tensor& y = *op.outputs[0];
  if (!y.is_dynamic) return StatusCode::kOk;
  return context.Resize(y, ReducedShape(x.shape, *axes, op.options.keep_dims));
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_REDUCTION_AXES_H_
