// Pad: x inside a frame of zeros.
//
//   in 0   x         f32, rank at most 6
//   in 1   paddings  int32 [rank, 2], constant: zeros before and after
//   out 0  y         f32, y.shape[i] = x.shape[i] + before[i] + after[i]

#include <algorithm>
#include <cstring>

#include "runtime/core/kernel.h"

namespace sotto::runtime {
namespace {

constexpr std::int32_t kMaxPadding = 1 << 20;
constexpr std::int64_t kMaxDimension = std::int64_t{1} << 30;

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (op.inputs.size() != 2 || op.outputs.size() != 1 ||
      op.inputs[0] == nullptr || op.inputs[1] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x, paddings -> y");
  }
  const Tensor &x = *op.inputs[0], &paddings = *op.inputs[1];
  if (x.type != ElementType::kFloat32 || paddings.type != ElementType::kInt32 ||
      !paddings.is_constant) {
    return context.Fail(StatusCode::kUnimplemented,
                        "only f32 with constant int32 paddings");
  }
  if (x.shape.rank == 0 || paddings.shape.rank != 2 ||
      paddings.shape[0] != static_cast<std::int32_t>(x.shape.rank) ||
      paddings.shape[1] != 2) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "paddings are not [rank of x, 2]");
  }
  Shape shape = x.shape;
  for (std::size_t i = 0; i < shape.rank; ++i) {
    const std::int32_t before = paddings.int32s()[2 * i];
    const std::int32_t after = paddings.int32s()[2 * i + 1];
    if (before < 0 || after < 0 || before > kMaxPadding ||
        after > kMaxPadding) {
      return context.Fail(StatusCode::kInvalidArgument,
                          "a padding is negative or above 2^20");
    }
    const std::int64_t size = std::int64_t{x.shape[i]} + before + after;
    if (size > kMaxDimension) {
      return context.Fail(StatusCode::kInvalidArgument, "y is too large");
    }
    shape.dims[i] = static_cast<std::int32_t>(size);
  }
  op.outputs[0]->type = ElementType::kFloat32;
  op.outputs[0]->shape = shape;
  return StatusCode::kOk;
}

// Copies the block of x that lies at `axis` and below into its place in y.
void Place(const Tensor& x, const Tensor& y, const std::int32_t* paddings,
           std::size_t axis, const float*& from, float* to) {
  const auto before = static_cast<std::size_t>(paddings[2 * axis]);
  const auto size = static_cast<std::size_t>(x.shape[axis]);
  if (axis + 1 == x.shape.rank) {
    std::memcpy(to + before, from, size * sizeof(float));
    from += size;
    return;
  }
  std::size_t stride = 1;
  for (std::size_t i = axis + 1; i < y.shape.rank; ++i) {
    stride *= static_cast<std::size_t>(y.shape[i]);
  }
  for (std::size_t i = 0; i < size; ++i) {
    Place(x, y, paddings, axis + 1, from, to + (before + i) * stride);
  }
}

StatusCode Eval(EvalContext&, const Op& op) {
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  std::fill_n(y.floats(), y.shape.Elements(), 0.0f);
  const float* from = x.floats();
  Place(x, y, op.inputs[1]->int32s(), 0, from, y.floats());
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kPadF32 = {Prepare, Eval};

}  // namespace sotto::runtime
