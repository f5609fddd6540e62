// Gradients of operators that place each element of x somewhere in y: Pad,
// Concatenation and Mean, which places many on one spot.

#include <array>

#include "training/autodiff/rules.h"

namespace sotto::training {
namespace {

using runtime::Shape;
using runtime::Tensor;

// x[i0, i1, ...] lies at y[start + i0 * stride[0] + i1 * stride[1] + ...].
struct Placement {
  std::size_t start = 0;
  std::array<std::size_t, Shape::kMaxRank> stride = {};
};

// With dimension i of y where dimension i of x is.
Placement Aligned(const Shape& y) {
  Placement placement;
  std::size_t stride = 1;
  for (std::size_t i = y.rank; i-- > 0;) {
    placement.stride[i] = stride;
    stride *= static_cast<std::size_t>(y[i]);
  }
  return placement;
}

// A negative axis counts from the last dimension; the kernel has checked it.
std::size_t Position(std::int32_t axis, std::size_t rank) {
  return axis < 0 ? rank - static_cast<std::size_t>(-std::int64_t{axis})
                  : static_cast<std::size_t>(axis);
}

// dx_i += scale dy_place(i). Nothing where dx is not wanted.
void Gather(const Shape& x, const Placement& placement, float scale,
            std::span<const float> dy, std::span<float> dx) {
  std::array<std::size_t, Shape::kMaxRank> index = {};
  std::size_t from = placement.start;
  for (float& value : dx) {
    value += scale * dy[from];
    for (std::size_t i = x.rank; i-- > 0;) {
      from += placement.stride[i];
      if (++index[i] < static_cast<std::size_t>(x[i])) break;
      from -= index[i] * placement.stride[i];
      index[i] = 0;
    }
  }
}

}  // namespace

// y_(i + before) = x_i.
void PadGradient(const GradientContext& context) {
  const Tensor &x = *context.op.inputs[0], &paddings = *context.op.inputs[1];
  Placement placement = Aligned(context.op.outputs[0]->shape);
  for (std::size_t i = 0; i < x.shape.rank; ++i) {
    placement.start += static_cast<std::size_t>(paddings.int32s()[2 * i]) *
                       placement.stride[i];
  }
  Gather(x.shape, placement, 1.0f, context.output_gradient,
         context.input_gradients[0]);
}

// Each input lies behind those before it along the axis.
void ConcatenationGradient(const GradientContext& context) {
  DropClamped(context);
  const Shape& y = context.op.outputs[0]->shape;
  const std::size_t axis = Position(context.op.options.axis, y.rank);
  Placement placement = Aligned(y);
  for (std::size_t i = 0; i < context.op.inputs.size(); ++i) {
    const Shape& x = context.op.inputs[i]->shape;
    Gather(x, placement, 1.0f, context.output_gradient,
           context.input_gradients[i]);
    placement.start +=
        static_cast<std::size_t>(x[axis]) * placement.stride[axis];
  }
}

// y = sum of the n elements that share a spot, over n: dx_i = dy / n.
void MeanGradient(const GradientContext& context) {
  const Tensor &x = *context.op.inputs[0], &axes = *context.op.inputs[1];
  std::array<bool, Shape::kMaxRank> reduced = {};
  for (std::size_t i = 0; i < axes.shape.Elements(); ++i) {
    reduced[Position(axes.int32s()[i], x.shape.rank)] = true;
  }
  // Whether y keeps the dimensions as ones or not, its strides are those of x
  // with the ones.
  Shape kept = x.shape;
  std::size_t count = 1;
  for (std::size_t i = 0; i < x.shape.rank; ++i) {
    if (!reduced[i]) continue;
    count *= static_cast<std::size_t>(x.shape[i]);
    kept.dims[i] = 1;
  }
  Placement placement = Aligned(kept);
  for (std::size_t i = 0; i < x.shape.rank; ++i) {
    if (reduced[i]) placement.stride[i] = 0;
  }
  Gather(x.shape, placement, 1.0f / static_cast<float>(count),
         context.output_gradient, context.input_gradients[0]);
}

}  // namespace sotto::training
