// CUMSUM: running sums along one axis. exclusive: without the element itself.
// reverse: from the end.
//
//   in 0   x     f32, int32, int64   [..., n, ...]
//   in 1   axis  int32, one element
//   out 0  y     type and shape of x
//
// f32 sums in double precision; integers wrap around.

#include <cstdint>

#include "runtime/core/kernel.h"

namespace sotto::runtime {
namespace {

bool ReadAxis(const Tensor& axis, std::size_t rank, std::size_t* out) {
  const auto limit = static_cast<std::int32_t>(rank);
  const std::int32_t value = *axis.int32s();
  if (value < -limit || value >= limit) return false;
  *out = static_cast<std::size_t>(value < 0 ? value + limit : value);
  return true;
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (op.inputs.size() != 2 || op.outputs.size() != 1 || !op.input(0) ||
      !op.input(1) || op.outputs[0] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x, axis -> y");
  }
  const Tensor &x = *op.inputs[0], &axis = *op.inputs[1];
  Tensor& y = *op.outputs[0];
  if (x.type != ElementType::kFloat32 && x.type != ElementType::kInt32 &&
      x.type != ElementType::kInt64) {
    return context.Fail(StatusCode::kUnimplemented, "type of x");
  }
  if (axis.type != ElementType::kInt32 || axis.shape.Elements() != 1 ||
      y.type != x.type) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "axis is not one int32, or y's type is not x's");
  }
  std::size_t at = 0;
  if (axis.is_constant && !ReadAxis(axis, x.shape.rank, &at)) {
    return context.Fail(StatusCode::kInvalidArgument, "axis out of range");
  }
  y.shape = x.shape;
  y.is_dynamic = false;
  return StatusCode::kOk;
}

template <typename T, typename Sum>
void Accumulate(const Op& op, std::size_t axis) {
  const Shape& shape = op.inputs[0]->shape;
  const std::size_t inner = shape.ElementsFrom(axis + 1);
  const auto size = static_cast<std::size_t>(shape[axis]);
  std::size_t outer = 1;
  for (std::size_t i = 0; i < axis; ++i) {
    outer *= static_cast<std::size_t>(shape[i]);
  }
  for (std::size_t o = 0; o < outer; ++o) {
    const T* x = op.inputs[0]->as<const T>() + o * size * inner;
    T* y = op.outputs[0]->as<T>() + o * size * inner;
    for (std::size_t j = 0; j < inner; ++j) {
      Sum sum = 0;
      for (std::size_t i = 0; i < size; ++i) {
        const std::size_t at =
            (op.options.reverse ? size - 1 - i : i) * inner + j;
        const Sum value = static_cast<Sum>(x[at]);
        y[at] = static_cast<T>(op.options.exclusive ? sum : sum + value);
        sum += value;
      }
    }
  }
}

StatusCode Eval(EvalContext& context, const Op& op) {
  std::size_t axis = 0;
  if (!ReadAxis(*op.inputs[1], op.inputs[0]->shape.rank, &axis)) {
    return context.Fail(StatusCode::kInvalidArgument, "axis out of range");
  }
  switch (op.inputs[0]->type) {
    case ElementType::kFloat32:
      Accumulate<float, double>(op, axis);
      break;
    case ElementType::kInt32:
      Accumulate<std::int32_t, std::uint32_t>(op, axis);
      break;
    default:
      Accumulate<std::int64_t, std::uint64_t>(op, axis);
      break;
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kCumsumReference = {Prepare, Eval};

}  // namespace sotto::runtime
