// Mean: the arithmetic mean over the listed dimensions.
//
//   in 0   x     f32, rank at most 6
//   in 1   axes  int32, constant; negative ones count from the last dimension
//   out 0  y     f32, the listed dimensions dropped, or 1 with keep_dims
//
// Reads keep_dims. Sums in double precision.

#include <array>
#include <cassert>

#include "runtime/core/kernel.h"

namespace sotto::runtime {
namespace {

using Flags = std::array<bool, Shape::kMaxRank>;

// False: an axis is outside the rank.
bool Reduced(const Tensor& x, const Tensor& axes, Flags* reduced) {
  const auto rank = static_cast<std::int32_t>(x.shape.rank);
  *reduced = {};
  for (std::size_t i = 0; i < axes.shape.Elements(); ++i) {
    const std::int32_t axis = axes.int32s()[i];
    if (axis < -rank || axis >= rank) return false;
    (*reduced)[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)] = true;
  }
  return true;
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (op.inputs.size() != 2 || op.outputs.size() != 1 ||
      op.inputs[0] == nullptr || op.inputs[1] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x, axes -> y");
  }
  const Tensor &x = *op.inputs[0], &axes = *op.inputs[1];
  if (x.type != ElementType::kFloat32 || axes.type != ElementType::kInt32 ||
      !axes.is_constant) {
    return context.Fail(StatusCode::kUnimplemented,
                        "only f32 with constant int32 axes");
  }
  Flags reduced;
  if (!Reduced(x, axes, &reduced)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "an axis is outside x's rank");
  }
  Shape shape;
  for (std::size_t i = 0; i < x.shape.rank; ++i) {
    if (!reduced[i]) {
      shape.dims[shape.rank++] = x.shape[i];
    } else if (op.options.keep_dims) {
      shape.dims[shape.rank++] = 1;
    }
  }
  op.outputs[0]->type = ElementType::kFloat32;
  op.outputs[0]->shape = shape;
  return StatusCode::kOk;
}

// Dimensions of x as sizes and strides, without those of the other kind.
struct Walk {
  std::size_t rank = 0, count = 1;
  std::array<std::size_t, Shape::kMaxRank> size = {}, stride = {};

  // The offset of the element with this number, last dimension fastest.
  std::size_t Offset(std::size_t number) const {
    std::size_t offset = 0;
    for (std::size_t i = rank; i-- > 0;) {
      offset += number % size[i] * stride[i];
      number /= size[i];
    }
    return offset;
  }
};

Walk WalkOver(const Shape& shape, const Flags& reduced, bool wanted) {
  Walk walk;
  std::array<std::size_t, Shape::kMaxRank> strides = {};
  std::size_t stride = 1;
  for (std::size_t i = shape.rank; i-- > 0;) {
    strides[i] = stride;
    stride *= static_cast<std::size_t>(shape[i]);
  }
  for (std::size_t i = 0; i < shape.rank; ++i) {
    if (reduced[i] != wanted) continue;
    walk.size[walk.rank] = static_cast<std::size_t>(shape[i]);
    walk.stride[walk.rank++] = strides[i];
    walk.count *= static_cast<std::size_t>(shape[i]);
  }
  return walk;
}

StatusCode Eval(EvalContext&, const Op& op) {
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  Flags reduced;
  [[maybe_unused]] const bool ok = Reduced(x, *op.inputs[1], &reduced);
  assert(ok);
  const Walk kept = WalkOver(x.shape, reduced, false);
  const Walk summed = WalkOver(x.shape, reduced, true);
  for (std::size_t i = 0; i < kept.count; ++i) {
    const float* start = x.floats() + kept.Offset(i);
    double sum = 0;
    for (std::size_t j = 0; j < summed.count; ++j) {
      sum += double{start[summed.Offset(j)]};
    }
    y.floats()[i] = static_cast<float>(sum / static_cast<double>(summed.count));
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kMeanF32 = {Prepare, Eval};

}  // namespace sotto::runtime
