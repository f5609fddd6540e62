// SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND: a tensor taken apart into as many
// batches as a block has places, and put together again.
//
//   space [n, s_1 ... s_m, rest]    batches [B * n, t_1 ... t_m, rest]
//   batches[k * n + i, q, r] = space[i, q * block + place(k) - before, r]
//
// where B is the product of the block and place(k) its k-th place, row-major.
//
//   in 0   x       any type of whole bytes, rank above m
//   in 1   block   int32 or int64 [m], each at least 1
//   in 2   frame   int32 or int64 [m, 2], none negative
//   out 0  y
//
// SPACE_TO_BATCH_ND: t = (s + before + after) / block, exactly; what lies in
// the frame is 0, stored as the zero point. BATCH_TO_SPACE_ND: s = t * block -
// before - after.

#include "runtime/kernels/movement/block_copy.h"
#include "runtime/kernels/movement/paddings.h"

namespace sotto::runtime {
namespace {

struct Blocks {
  std::size_t rank = 0;
  std::array<std::int32_t, Shape::kMaxRank> size = {}, before = {}, after = {};
  std::int64_t places = 1;  // below 2^31
};

Finding ReadBlocks(const Op& op, Blocks* out) {
  const Shape& x = op.inputs[0]->shape;
  const Shape& list = op.inputs[2]->shape;
  Integers block, frame;
  if (!ReadIntegers(*op.inputs[1], &block) || block.count >= x.rank ||
      op.inputs[1]->shape.rank != 1) {
    return Invalid("the block is not integers, fewer than x has dimensions");
  }
  if (!ReadIntegers(*op.inputs[2], &frame) || list.rank != 2 ||
      list[0] != static_cast<std::int32_t>(block.count) || list[1] != 2) {
    return Invalid("the frame is not integers [size of the block, 2]");
  }
  out->rank = block.count;
  for (std::size_t i = 0; i < block.count; ++i) {
    if (!SetDimension(block[i], &out->size[i]) || out->size[i] < 1 ||
        !SetDimension(frame[2 * i], &out->before[i]) ||
        !SetDimension(frame[2 * i + 1], &out->after[i])) {
      return Invalid("a value of block or frame is out of range");
    }
    std::int32_t bounded = 0;
    if (!SetDimension(out->places * out->size[i], &bounded)) {
      return Invalid("the block is too large");
    }
    out->places = bounded;
  }
  return {};
}

Finding InferBatches(const Op& op, Shape* y) {
  const Shape& x = op.inputs[0]->shape;
  Blocks b;
  const Finding finding = ReadBlocks(op, &b);
  if (!finding.ok()) return finding;
  *y = x;
  for (std::size_t i = 0; i < b.rank; ++i) {
    const std::int64_t framed =
        std::int64_t{x[i + 1]} + b.before[i] + b.after[i];
    if (framed % b.size[i] != 0) {
      return Invalid("x with its frame is no multiple of the block");
    }
    if (!SetDimension(framed / b.size[i], &y->dims[i + 1])) {
      return Invalid("y is too large");
    }
  }
  return SetDimension(x[0] * b.places, &y->dims[0]) && IsBounded(*y)
             ? Finding{}
             : Invalid("y is too large");
}

Finding InferSpace(const Op& op, Shape* y) {
  const Shape& x = op.inputs[0]->shape;
  Blocks b;
  const Finding finding = ReadBlocks(op, &b);
  if (!finding.ok()) return finding;
  if (x[0] % b.places != 0) {
    return Invalid("the batch is no multiple of the block");
  }
  *y = x;
  y->dims[0] = static_cast<std::int32_t>(x[0] / b.places);
  for (std::size_t i = 0; i < b.rank; ++i) {
    const std::int64_t whole = std::int64_t{x[i + 1]} * b.size[i];
    if (!SetDimension(whole - b.before[i] - b.after[i], &y->dims[i + 1])) {
      return Invalid("the frame is wider than y, or y is too large");
    }
  }
  return IsBounded(*y) ? Finding{} : Invalid("y is too large");
}

template <InferShape kInfer>
StatusCode Prepare(PrepareContext& context, Op& op) {
  if (!HasArity(op, 3, 3, 1)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants x, block, frame -> y");
  }
  const Finding moved = CheckMoved(*op.inputs[0], *op.outputs[0]);
  if (!moved.ok()) return Report(context, moved);
  if (!HasStoredZero(*op.outputs[0])) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "y's zero point is outside its type");
  }
  return ShapeInPrepare(context, op,
                        op.inputs[1]->is_constant && op.inputs[2]->is_constant,
                        kInfer);
}

// Copies what belongs to place `place` of the block, in either direction.
template <bool kToBatches>
void CopyPlace(const Blocks& b, std::int64_t place, const Shape& space,
               const Shape& batches, const Tensor& x, const Tensor& y) {
  const std::size_t width = ElementBytes(x.type);
  const auto s = StridesOf(space), t = StridesOf(batches);
  std::ptrdiff_t space_at = 0;
  std::ptrdiff_t batches_at = place * space[0] * t[0];
  BlockCopy block(width);
  const auto add = [&](std::int64_t size, std::ptrdiff_t space_step,
                       std::ptrdiff_t batches_step) {
    block.Add(static_cast<std::size_t>(size),
              kToBatches ? space_step : batches_step,
              kToBatches ? batches_step : space_step);
  };
  std::array<std::int64_t, Shape::kMaxRank> offset = {};
  for (std::size_t i = b.rank; i-- > 0; place /= b.size[i]) {
    offset[i] = place % b.size[i] - b.before[i];
  }
  add(space[0], s[0], t[0]);
  for (std::size_t i = 0; i < b.rank; ++i) {
    // 0 <= q * size + offset < the dimension of `space`.
    const std::int64_t size = b.size[i];
    const std::int64_t first =
        offset[i] < 0 ? (-offset[i] + size - 1) / size : 0;
    const std::int64_t room = space[i + 1] - offset[i];
    const std::int64_t end = room > 0 ? (room + size - 1) / size : 0;
    if (end <= first) return;
    space_at += (first * size + offset[i]) * s[i + 1];
    batches_at += first * t[i + 1];
    add(end - first, end - first > 1 ? size * s[i + 1] : 0, t[i + 1]);
  }
  add(static_cast<std::int64_t>(space.ElementsFrom(b.rank + 1)), 1, 1);
  const auto signed_width = static_cast<std::ptrdiff_t>(width);
  block.Run(x.as<const std::uint8_t>() +
                (kToBatches ? space_at : batches_at) * signed_width,
            y.as<std::uint8_t>() +
                (kToBatches ? batches_at : space_at) * signed_width);
}

template <bool kToBatches, InferShape kInfer>
StatusCode Eval(EvalContext& context, const Op& op) {
  const StatusCode code = ShapeInEval(context, op, kInfer);
  if (code != StatusCode::kOk) return code;
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  Blocks blocks;
  const Finding finding = ReadBlocks(op, &blocks);
  if (!finding.ok()) return Report(context, finding);
  if (y.shape.Elements() == 0) return StatusCode::kOk;
  if (kToBatches) {
    FillElements(y.as<std::uint8_t>(), y.shape.Elements(), StoredZero(y));
  }
  for (std::int64_t place = 0; place < blocks.places; ++place) {
    CopyPlace<kToBatches>(blocks, place, kToBatches ? x.shape : y.shape,
                          kToBatches ? y.shape : x.shape, x, y);
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kSpaceToBatchNd = {Prepare<InferBatches>,
                                       Eval<true, InferBatches>};
extern const Kernel kBatchToSpaceNd = {Prepare<InferSpace>,
                                       Eval<false, InferSpace>};

}  // namespace sotto::runtime
