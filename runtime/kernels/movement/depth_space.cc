// DEPTH_TO_SPACE and SPACE_TO_DEPTH: channels spread over b x b squares of
// pixels, and back.
//
//   flat [n, h, w, b * b * c]   spread [n, h * b, w * b, c]
//   spread[n, y * b + i, x * b + j, c] = flat[n, y, x, (i * b + j) * C + c]
//
//   in 0   x  any type of whole bytes, rank 4
//   out 0  y
//
// Reads block_size b, at least 1.

#include "runtime/kernels/movement/block_copy.h"
#include "runtime/kernels/movement/late_shape.h"

namespace sotto::runtime {
namespace {

Finding InferSpread(const Op& op, Shape* y) {
  const Shape& x = op.inputs[0]->shape;
  const std::int64_t b = op.options.block_size;
  if (x[3] % b != 0 || x[3] / b % b != 0) {
    return Invalid("the channels are no multiple of the block");
  }
  *y = x;
  if (!SetDimension(x[1] * b, &y->dims[1]) ||
      !SetDimension(x[2] * b, &y->dims[2])) {
    return Invalid("y is too large");
  }
  y->dims[3] = static_cast<std::int32_t>(x[3] / b / b);
  return IsBounded(*y) ? Finding{} : Invalid("y is too large");
}

Finding InferFlat(const Op& op, Shape* y) {
  const Shape& x = op.inputs[0]->shape;
  const std::int64_t b = op.options.block_size;
  if (x[1] % b != 0 || x[2] % b != 0) {
    return Invalid("height or width is no multiple of the block");
  }
  *y = x;
  y->dims[1] = static_cast<std::int32_t>(x[1] / b);
  y->dims[2] = static_cast<std::int32_t>(x[2] / b);
  // b is at most the height where that is not 0; otherwise it may be anything.
  if (b >= std::int64_t{1} << 16 || !SetDimension(x[3] * b * b, &y->dims[3]) ||
      !IsBounded(*y)) {
    return Invalid("y is too large");
  }
  return {};
}

template <InferShape kInfer>
StatusCode Prepare(PrepareContext& context, Op& op) {
  if (!HasArity(op, 1, 1, 1) || op.inputs[0]->shape.rank != 4) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x of rank 4 -> y");
  }
  const Finding moved = CheckMoved(*op.inputs[0], *op.outputs[0]);
  if (!moved.ok()) return Report(context, moved);
  if (op.options.block_size < 1) {
    return context.Fail(StatusCode::kInvalidArgument, "block below 1");
  }
  return ShapeInPrepare(context, op, true, kInfer);
}

template <bool kSpread>
StatusCode Eval(EvalContext&, const Op& op) {
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  if (y.shape.Elements() == 0) return StatusCode::kOk;
  const Shape& flat = kSpread ? x.shape : y.shape;
  const Shape& spread = kSpread ? y.shape : x.shape;
  const auto f = StridesOf(flat), s = StridesOf(spread);
  const std::ptrdiff_t b = op.options.block_size, c = spread[3];
  BlockCopy block(ElementBytes(x.type));
  const auto add = [&](std::ptrdiff_t size, std::ptrdiff_t flat_step,
                       std::ptrdiff_t spread_step) {
    block.Add(static_cast<std::size_t>(size), kSpread ? flat_step : spread_step,
              kSpread ? spread_step : flat_step);
  };
  add(flat[0], f[0], s[0]);
  add(flat[1], f[1], s[1] * b);
  add(b, b * c, s[1]);
  add(flat[2], f[2], s[2] * b);
  add(b, c, s[2]);
  add(c, 1, 1);
  block.Run(x.data, y.data);
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kDepthToSpace = {Prepare<InferSpread>, Eval<true>};
extern const Kernel kSpaceToDepth = {Prepare<InferFlat>, Eval<false>};

}  // namespace sotto::runtime
