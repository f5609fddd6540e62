// Concatenation: y is x0, x1, ... side by side along `axis`, activated.
//
//   in i   x_i  f32, of one rank, equal in every dimension but `axis`
//   out 0  y    f32
//
// Reads axis (negative counts from the last dimension) and activation.

#include <cassert>
#include <cstring>

#include "runtime/core/kernel.h"
#include "runtime/kernels/activation.h"

namespace sotto::runtime {
namespace {

constexpr std::int64_t kMaxDimension = std::int64_t{1} << 30;

// The axis as a position, or rank when it is outside.
std::size_t AxisOf(const Op& op) {
  const std::size_t rank = op.inputs[0]->shape.rank;
  const auto signed_rank = static_cast<std::int64_t>(rank);
  std::int64_t axis = op.options.axis;
  if (axis < 0) axis += signed_rank;
  return axis < 0 || axis >= signed_rank ? rank
                                         : static_cast<std::size_t>(axis);
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (op.inputs.empty() || op.outputs.size() != 1) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x, ... -> y");
  }
  for (const Tensor* x : op.inputs) {
    if (x == nullptr) {
      return context.Fail(StatusCode::kInvalidArgument, "an input is absent");
    }
    if (x->type != ElementType::kFloat32) {
      return context.Fail(StatusCode::kUnimplemented, "only f32");
    }
  }
  const std::size_t axis = AxisOf(op);
  Shape shape = op.inputs[0]->shape;
  if (axis == shape.rank) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "axis is outside x's rank");
  }
  std::int64_t total = 0;
  for (const Tensor* x : op.inputs) {
    Shape expected = x->shape;
    if (expected.rank == shape.rank) expected.dims[axis] = shape[axis];
    if (!(expected == shape)) {
      return context.Fail(StatusCode::kInvalidArgument,
                          "shapes differ in more than the axis");
    }
    total += x->shape[axis];
  }
  if (total > kMaxDimension) {
    return context.Fail(StatusCode::kInvalidArgument, "y is too long");
  }
  shape.dims[axis] = static_cast<std::int32_t>(total);
  op.outputs[0]->type = ElementType::kFloat32;
  op.outputs[0]->shape = shape;
  return StatusCode::kOk;
}

StatusCode Eval(EvalContext&, const Op& op) {
  const Tensor& y = *op.outputs[0];
  const std::size_t axis = AxisOf(op);
  assert(axis < y.shape.rank);
  std::size_t outer = 1;
  for (std::size_t i = 0; i < axis; ++i) {
    outer *= static_cast<std::size_t>(y.shape[i]);
  }
  float* out = y.floats();
  for (std::size_t block = 0; block < outer; ++block) {
    for (const Tensor* x : op.inputs) {
      const std::size_t size = x->shape.Elements() / outer;
      std::memcpy(out, x->floats() + block * size, size * sizeof(float));
      out += size;
    }
  }
  Activate(op.options.activation, y.floats(), y.shape.Elements());
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kConcatenationF32 = {Prepare, Eval};

}  // namespace sotto::runtime
