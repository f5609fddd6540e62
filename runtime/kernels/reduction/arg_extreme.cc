// ARG_MAX, ARG_MIN: the place of the largest or smallest element along one
// axis; of equal ones the first. NaN is passed over, unless it comes first.
//
//   in 0   x     f32, int8, uint8, int32, bool   [..., n, ...], n > 0
//   in 1   axis  int32 or int64, one element; a constant, or known at run time
//   out 0  y     int32 or int64, x's shape without the axis

#include <cstdint>

#include "runtime/kernels/reduction/axes.h"

namespace sotto::runtime {
namespace {

// False when the axis is none of x's or has no elements to choose from.
bool ReadAxis(const Tensor& axis, const Shape& x, std::size_t* out) {
  const std::int64_t value = axis.type == ElementType::kInt64
                                 ? *axis.as<const std::int64_t>()
                                 : std::int64_t{*axis.int32s()};
  const auto rank = static_cast<std::int64_t>(x.rank);
  if (value < -rank || value >= rank) return false;
  *out = static_cast<std::size_t>(value < 0 ? value + rank : value);
  return x[*out] > 0;
}

Shape WithoutAxis(const Shape& x, std::size_t axis) {
  Shape y;
  for (std::size_t i = 0; i < x.rank; ++i) {
    if (i != axis) y.dims[y.rank++] = x[i];
  }
  return y;
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (op.inputs.size() != 2 || op.outputs.size() != 1 || !op.input(0) ||
      !op.input(1) || op.outputs[0] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x, axis -> y");
  }
  const Tensor &x = *op.inputs[0], &axis = *op.inputs[1];
  Tensor& y = *op.outputs[0];
  if (x.type != ElementType::kFloat32 && x.type != ElementType::kInt8 &&
      x.type != ElementType::kUint8 && x.type != ElementType::kInt32 &&
      x.type != ElementType::kBool) {
    return context.Fail(StatusCode::kUnimplemented, "type of x");
  }
  if ((axis.type != ElementType::kInt32 && axis.type != ElementType::kInt64) ||
      axis.shape.Elements() != 1) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "axis is not one int32 or int64");
  }
  if (y.type != ElementType::kInt32 && y.type != ElementType::kInt64) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "y is not int32 or int64");
  }
  y.is_dynamic = !axis.is_constant;
  if (!axis.is_constant) return StatusCode::kOk;
  std::size_t at = 0;
  if (!ReadAxis(axis, x.shape, &at)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "axis out of range or empty");
  }
  y.shape = WithoutAxis(x.shape, at);
  return StatusCode::kOk;
}

template <bool kMax, typename T, typename Y>
void Find(const Shape& shape, std::size_t axis, const T* x, Y* y) {
  const std::size_t inner = shape.ElementsFrom(axis + 1);
  const auto size = static_cast<std::size_t>(shape[axis]);
  std::size_t outer = 1;
  for (std::size_t i = 0; i < axis; ++i) {
    outer *= static_cast<std::size_t>(shape[i]);
  }
  for (std::size_t o = 0; o < outer; ++o, x += size * inner) {
    for (std::size_t j = 0; j < inner; ++j) {
      std::size_t best = 0;
      for (std::size_t i = 1; i < size; ++i) {
        const T candidate = x[i * inner + j], held = x[best * inner + j];
        if (kMax ? candidate > held : candidate < held) best = i;
      }
      *y++ = static_cast<Y>(best);
    }
  }
}

template <bool kMax, typename T>
void FindAs(const Op& op, std::size_t axis) {
  const Tensor& x = *op.inputs[0];
  if (op.outputs[0]->type == ElementType::kInt64) {
    Find<kMax>(x.shape, axis, x.as<const T>(),
               op.outputs[0]->as<std::int64_t>());
  } else {
    Find<kMax>(x.shape, axis, x.as<const T>(),
               op.outputs[0]->as<std::int32_t>());
  }
}

template <bool kMax>
StatusCode Eval(EvalContext& context, const Op& op) {
  const Tensor& x = *op.inputs[0];
  std::size_t axis = 0;
  if (!ReadAxis(*op.inputs[1], x.shape, &axis)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "axis out of range or empty");
  }
  if (op.outputs[0]->is_dynamic) {
    const StatusCode code =
        context.Resize(*op.outputs[0], WithoutAxis(x.shape, axis));
    if (code != StatusCode::kOk) return code;
  }
  switch (x.type) {
    case ElementType::kFloat32:
      FindAs<kMax, float>(op, axis);
      break;
    case ElementType::kInt8:
      FindAs<kMax, std::int8_t>(op, axis);
      break;
    case ElementType::kInt32:
      FindAs<kMax, std::int32_t>(op, axis);
      break;
    default:  // uint8, and bool as its bytes
      FindAs<kMax, std::uint8_t>(op, axis);
      break;
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kArgMaxReference = {Prepare, Eval<true>};
extern const Kernel kArgMinReference = {Prepare, Eval<false>};

}  // namespace sotto::runtime
