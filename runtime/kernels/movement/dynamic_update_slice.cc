// DYNAMIC_UPDATE_SLICE: x with a box replaced.
//
//   in 0   x       any type of whole bytes
//   in 1   update  as x, no dimension larger
//   in 2   start   int32 or int64 [rank], clamped so that the box fits
//   out 0  y       x, but y[start + i] = update[i]
//
// y may be x's memory; then only the box is written.

#include <algorithm>
#include <cstring>

#include "runtime/kernels/movement/block_copy.h"
#include "runtime/kernels/movement/late_shape.h"

namespace sotto::runtime {
namespace {

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (!HasArity(op, 3, 3, 1)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants x, update, start -> y");
  }
  const Tensor &x = *op.inputs[0], &update = *op.inputs[1],
               &start = *op.inputs[2];
  Tensor& y = *op.outputs[0];
  Finding finding = CheckMoved(x, y);
  if (finding.ok()) finding = CheckMoved(update, y);
  if (!finding.ok()) return Report(context, finding);
  if (!IsIntegerList(start) || start.shape.rank != 1 ||
      start.shape[0] != static_cast<std::int32_t>(x.shape.rank)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "start is not integers [rank of x]");
  }
  bool fits = update.shape.rank == x.shape.rank;
  for (std::size_t i = 0; fits && i < x.shape.rank; ++i) {
    fits = update.shape[i] <= x.shape[i];
  }
  if (!fits) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "the update is larger than x or of another rank");
  }
  y.is_dynamic = false;
  y.shape = x.shape;
  context.AllowInPlace(0, 0);
  return StatusCode::kOk;
}

StatusCode Eval(EvalContext&, const Op& op) {
  const Tensor &x = *op.inputs[0], &update = *op.inputs[1];
  const Tensor& y = *op.outputs[0];
  if (y.shape.Elements() == 0) return StatusCode::kOk;
  if (y.data != x.data) std::memcpy(y.data, x.data, y.bytes());
  // x's memory is the update too: then it is all of y and stays.
  if (update.shape.Elements() == 0 || update.data == y.data) {
    return StatusCode::kOk;
  }
  const std::size_t width = ElementBytes(x.type);
  const auto from = StridesOf(update.shape), to = StridesOf(y.shape);
  BlockCopy block(width);
  std::ptrdiff_t offset = 0;
  for (std::size_t i = 0; i < y.shape.rank; ++i) {
    const std::int64_t last = y.shape[i] - update.shape[i];
    offset +=
        std::clamp<std::int64_t>(IntegerAt(*op.inputs[2], i), 0, last) * to[i];
    block.Add(static_cast<std::size_t>(update.shape[i]), from[i], to[i]);
  }
  block.Run(update.data,
            y.as<std::uint8_t>() + offset * static_cast<std::ptrdiff_t>(width));
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kDynamicUpdateSlice = {Prepare, Eval};

}  // namespace sotto::runtime
