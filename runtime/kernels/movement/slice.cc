// SLICE: a box of x.
//
//   in 0   x      any type of whole bytes
//   in 1   begin  int32 or int64 [rank]
//   in 2   size   int32 or int64 [rank]; -1: all from begin on
//   out 0  y      y[i] = x[begin + i]

#include "runtime/kernels/movement/block_copy.h"
#include "runtime/kernels/movement/late_shape.h"

namespace sotto::runtime {
namespace {

Finding Infer(const Op& op, Shape* y) {
  const Shape& x = op.inputs[0]->shape;
  Integers begin, size;
  if (!ReadIntegers(*op.inputs[1], &begin) ||
      !ReadIntegers(*op.inputs[2], &size) || begin.count != x.rank ||
      size.count != x.rank) {
    return Invalid("begin and size are not integers [rank of x]");
  }
  *y = x;
  for (std::size_t i = 0; i < x.rank; ++i) {
    if (begin[i] < 0 || begin[i] > x[i]) return Invalid("begin is outside x");
    const std::int64_t rest = x[i] - begin[i];
    if (size[i] < -1 || size[i] > rest) return Invalid("size is outside x");
    y->dims[i] = static_cast<std::int32_t>(size[i] == -1 ? rest : size[i]);
  }
  return {};
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (!HasArity(op, 3, 3, 1)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants x, begin, size -> y");
  }
  const Finding moved = CheckMoved(*op.inputs[0], *op.outputs[0]);
  if (!moved.ok()) return Report(context, moved);
  return ShapeInPrepare(context, op,
                        op.inputs[1]->is_constant && op.inputs[2]->is_constant,
                        Infer);
}

StatusCode Eval(EvalContext& context, const Op& op) {
  const StatusCode code = ShapeInEval(context, op, Infer);
  if (code != StatusCode::kOk) return code;
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  if (y.shape.Elements() == 0) return StatusCode::kOk;
  const std::size_t width = ElementBytes(x.type);
  const auto from = StridesOf(x.shape), to = StridesOf(y.shape);
  BlockCopy block(width);
  std::ptrdiff_t offset = 0;
  for (std::size_t i = 0; i < x.shape.rank; ++i) {
    offset += IntegerAt(*op.inputs[1], i) * from[i];
    block.Add(static_cast<std::size_t>(y.shape[i]), from[i], to[i]);
  }
  block.Run(
      x.as<const std::uint8_t>() + offset * static_cast<std::ptrdiff_t>(width),
      y.data);
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kSlice = {Prepare, Eval};

}  // namespace sotto::runtime
