// CONCATENATION: y is x0, x1, ... side by side along `axis`.
//
//   in i   x_i  one type, of one rank, equal in every dimension but `axis`
//   out 0  y    as x
//
// Reads axis (negative counts from the last dimension) and activation, a clamp
// of f32. An int8, uint8 or int16 x_i whose scale or zero point is not y's is
// rescaled in f32:
//   ratio = x.scale / y.scale
//   y = round(x * ratio - x.zero_point * ratio) + y.zero_point, saturated,
// halves away from zero.

#include <algorithm>
#include <cstring>

#include "runtime/kernels/activation.h"
#include "runtime/kernels/movement/joined.h"
#include "runtime/kernels/movement/late_shape.h"
#include "runtime/kernels/nn/requantize.h"

namespace sotto::runtime {
namespace {

Finding CheckPiece(const Tensor& x, const Tensor& y) {
  if (SameMeaning(x, y)) return CheckMoved(x, y);
  if (x.type != y.type) return Invalid("types of x and y differ");
  if (!IsQuantizedPerTensor(x) || !IsQuantizedPerTensor(y)) {
    return Unsupported("pieces with scales per channel that differ");
  }
  return {};
}

Finding Infer(const Op& op, Shape* out) {
  const Shape& first = op.inputs[0]->shape;
  std::size_t axis = 0;
  if (!ResolveAxis(op.options.axis, first.rank, &axis)) {
    return Invalid("axis is outside x's rank");
  }
  std::int64_t total = 0;
  for (const Tensor* x : op.inputs) {
    Shape expected = x->shape;
    if (expected.rank == first.rank) expected.dims[axis] = first[axis];
    if (!(expected == first)) {
      return Invalid("shapes differ in more than the axis");
    }
    // Each below 2^31 and fewer than 2^31 of them.
    total += x->shape[axis];
  }
  *out = first;
  if (!SetDimension(total, &out->dims[axis]) || !IsBounded(*out)) {
    return Invalid("y is too large");
  }
  return {};
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (op.inputs.empty() || !HasArity(op, 1, op.inputs.size(), 1)) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x, ... -> y");
  }
  for (const Tensor* x : op.inputs) {
    const Finding piece = CheckPiece(*x, *op.outputs[0]);
    if (!piece.ok()) return Report(context, piece);
  }
  if (!IsClamp(op.options.activation) ||
      (op.options.activation != Activation::kNone &&
       op.outputs[0]->type != ElementType::kFloat32)) {
    return context.Fail(StatusCode::kUnimplemented, "fused activation");
  }
  return ShapeInPrepare(context, op, true, Infer);
}

// From here on everything but x's zero point saturates, and with this no
// product of it and 16 bits is infinite.
constexpr float kMaxRatio = 1e30f;

template <typename T>
void Rescale(const Tensor& x, const Tensor& y, const T* from, T* to,
             std::size_t size) {
  const QuantizedRange range = RangeOf(x.type);
  const float ratio = std::min(
      x.quantization.scale[0] * (1.0f / y.quantization.scale[0]), kMaxRatio);
  const float bias = -static_cast<float>(x.quantization.zero_point) * ratio;
  for (std::size_t i = 0; i < size; ++i) {
    const std::int32_t value =
        RoundInto(static_cast<float>(from[i]) * ratio + bias,
                  RangeOf(ElementType::kInt32));
    to[i] = static_cast<T>(Offset(value, y.quantization.zero_point, range));
  }
}

template <typename T>
void JoinRescaled(const Op& op, std::size_t blocks) {
  const Tensor& y = *op.outputs[0];
  T* to = y.as<T>();
  for (std::size_t block = 0; block < blocks; ++block) {
    for (const Tensor* x : op.inputs) {
      const std::size_t run = x->shape.Elements() / blocks;
      if (run == 0) continue;
      const T* from = x->as<const T>() + block * run;
      if (SameMeaning(*x, y)) {
        std::memcpy(to, from, run * sizeof(T));
      } else {
        Rescale(*x, y, from, to, run);
      }
      to += run;
    }
  }
}

StatusCode Eval(EvalContext&, const Op& op) {
  const Tensor& y = *op.outputs[0];
  std::size_t axis = 0;
  if (y.shape.Elements() == 0 ||
      !ResolveAxis(op.options.axis, y.shape.rank, &axis)) {
    return StatusCode::kOk;
  }
  const std::size_t blocks = BlocksBefore(y.shape, axis);
  bool same = true;
  for (const Tensor* x : op.inputs) same = same && SameMeaning(*x, y);
  if (same) {
    Join(op.inputs, blocks, y);
  } else if (y.type == ElementType::kInt8) {
    JoinRescaled<std::int8_t>(op, blocks);
  } else if (y.type == ElementType::kUint8) {
    JoinRescaled<std::uint8_t>(op, blocks);
  } else {
    JoinRescaled<std::int16_t>(op, blocks);
  }
  if (y.type == ElementType::kFloat32) {
    Activate(op.options.activation, y.floats(), y.shape.Elements());
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kConcatenation = {Prepare, Eval};

}  // namespace sotto::runtime
