// STRIDED_SLICE: every stride-th element of x from begin to end, dimension by
// dimension.
//
//   in 0   x                    any type of whole bytes
//   in 1-3 begin, end, strides  int32 or int64 [n], one length
//   out 0  y                    as x
//
// Entry i of the three lists means, in this order:
//   ellipsis_mask    all of as many dimensions as the other entries leave over;
//                    at most once, and at the end where it is not written
//   new_axis_mask    no dimension of x: a 1 in y
//   shrink_axis_mask index begin of the next dimension, which y lacks
//   otherwise        begin, begin + stride, ... before end of the next one
// Negative begin and end count from the dimension's end; they are clamped to
// it. begin_mask: from the first element (the last, where the stride is
// negative). end_mask: to the end. end_is_offset: end is relative to begin.

#include <algorithm>
#include <cstring>

#include "runtime/kernels/movement/block_copy.h"
#include "runtime/kernels/movement/late_shape.h"

namespace sotto::runtime {
namespace {

// Where the slice lies in x and how it steps; `shape` is y's. The offset holds
// where y is not empty.
struct Slice {
  Shape shape;
  std::ptrdiff_t offset = 0;
  // Of each dimension of x; those that y lacks have count 1.
  std::array<std::int64_t, Shape::kMaxRank> counts = {}, steps = {};
};

bool Bit(std::int32_t mask, std::size_t i) {
  return (static_cast<std::uint32_t>(mask) >> i & 1) != 0;
}

struct Lists {
  Integers begin, end, strides;
};

bool ReadLists(const Op& op, Lists* out) {
  // Far outside every dimension, yet sums and differences of them fit.
  constexpr std::int64_t kFar = std::int64_t{1} << 33;
  if (!ReadIntegers(*op.inputs[1], &out->begin) ||
      !ReadIntegers(*op.inputs[2], &out->end) ||
      !ReadIntegers(*op.inputs[3], &out->strides) ||
      out->begin.count != out->end.count ||
      out->begin.count != out->strides.count) {
    return false;
  }
  for (Integers* list : {&out->begin, &out->end, &out->strides}) {
    for (std::int64_t& value : list->values) {
      value = std::clamp(value, -kFar, kFar);
    }
  }
  return true;
}

// Entry i of the lists on a dimension of `size`.
Finding CutDimension(const Options& o, const Lists& lists, std::size_t i,
                     std::int64_t size, std::int64_t* start, std::int64_t* step,
                     std::int64_t* count) {
  *step = lists.strides[i];
  if (*step == 0) return Invalid("a stride is 0");
  const std::int64_t first = *step > 0 ? 0 : size - 1;
  const std::int64_t low = *step > 0 ? 0 : -1;
  const std::int64_t high = *step > 0 ? size : size - 1;
  const auto resolve = [size](std::int64_t v) { return v < 0 ? v + size : v; };
  *start = Bit(o.begin_mask, i) ? first : resolve(lists.begin[i]);
  if (Bit(o.shrink_axis_mask, i)) {
    *count = 1;
    if (*step < 0) return Invalid("an index has a negative stride");
    if (*start < 0 || *start >= size) return Invalid("an index is outside x");
    return {};
  }
  *start = std::clamp(*start, low, high);
  const std::int64_t given =
      o.end_is_offset ? *start + lists.end[i] : lists.end[i];
  const std::int64_t end = Bit(o.end_mask, i)
                               ? (*step > 0 ? size : -1)
                               : std::clamp(resolve(given), low, high);
  const std::int64_t length = *step > 0 ? end - *start : *start - end;
  *count = length > 0 ? 1 + (length - 1) / (*step > 0 ? *step : -*step) : 0;
  return {};
}

Finding Resolve(const Op& op, Slice* slice) {
  const Options& o = op.options;
  const Shape& x = op.inputs[0]->shape;
  Lists lists;
  if (!ReadLists(op, &lists)) {
    return Invalid("begin, end and strides are not integers of one length");
  }
  const std::size_t entries = lists.begin.count;
  std::size_t named = 0, ellipses = 0;
  for (std::size_t i = 0; i < entries; ++i) {
    if (Bit(o.ellipsis_mask, i)) {
      ++ellipses;
    } else if (!Bit(o.new_axis_mask, i)) {
      ++named;
    }
  }
  if (ellipses > 1) return Invalid("more than one ellipsis");
  if (named > x.rank) return Invalid("more entries than x has dimensions");
  const std::size_t spanned = x.rank - named;

  std::size_t axis = 0;
  *slice = {};
  const bool empty = x.Elements() == 0;
  const auto stride = StridesOf(x);
  bool too_high = false;
  const auto put = [&](std::int64_t size) {
    too_high = too_high || slice->shape.rank == Shape::kMaxRank;
    if (!too_high) {
      slice->shape.dims[slice->shape.rank++] = static_cast<std::int32_t>(size);
    }
  };
  const auto span = [&] {
    for (std::size_t k = 0; k < spanned; ++k, ++axis) {
      slice->counts[axis] = x[axis];
      slice->steps[axis] = 1;
      put(x[axis]);
    }
  };
  for (std::size_t i = 0; i < entries; ++i) {
    if (Bit(o.ellipsis_mask, i)) {
      span();
    } else if (Bit(o.new_axis_mask, i)) {
      put(1);
    } else {
      std::int64_t start = 0;
      const Finding finding =
          CutDimension(o, lists, i, x[axis], &start, &slice->steps[axis],
                       &slice->counts[axis]);
      if (!finding.ok()) return finding;
      if (!empty) slice->offset += start * stride[axis];
      if (!Bit(o.shrink_axis_mask, i)) put(slice->counts[axis]);
      ++axis;
    }
  }
  if (ellipses == 0) span();
  return too_high ? Unsupported("rank above 6") : Finding{};
}

// The state, where the lists are constant.
struct Plan {
  Slice slice;
  // In bytes from x's start, where y is one stretch of x; 0 bytes: it is not.
  std::size_t run_start = 0, run_bytes = 0;
};

// Finds out whether y is one stretch of x: steps of 1, and behind the first
// dimension of more than one element all of each.
void FindRun(const Tensor& x, Plan* plan) {
  const Slice& slice = plan->slice;
  bool open = false;
  for (std::size_t i = 0; i < x.shape.rank; ++i) {
    const bool whole = slice.counts[i] == x.shape[i];
    if (open && !whole) return;
    if (slice.counts[i] > 1 && slice.steps[i] != 1) return;
    open = open || slice.counts[i] > 1;
  }
  const std::size_t width = ElementBytes(x.type);
  plan->run_start = static_cast<std::size_t>(slice.offset) * width;
  plan->run_bytes = slice.shape.Elements() * width;
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (!HasArity(op, 4, 4, 1)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants x, begin, end, strides -> y");
  }
  const Tensor& x = *op.inputs[0];
  Tensor& y = *op.outputs[0];
  const Finding moved = CheckMoved(x, y);
  if (!moved.ok()) return Report(context, moved);
  y.is_dynamic = !(op.inputs[1]->is_constant && op.inputs[2]->is_constant &&
                   op.inputs[3]->is_constant);
  if (y.is_dynamic) return StatusCode::kOk;
  auto* const plan = context.AllocateState<Plan>();
  if (plan == nullptr) {
    return context.Fail(StatusCode::kResourceExhausted, "no room for a plan");
  }
  *plan = {};
  const Finding finding = Resolve(op, &plan->slice);
  if (!finding.ok()) return Report(context, finding);
  y.shape = plan->slice.shape;
  FindRun(x, plan);
  op.state = plan;
  return StatusCode::kOk;
}

void Copy(const Tensor& x, const Slice& slice, const Tensor& y) {
  const std::size_t width = ElementBytes(x.type);
  const auto from = StridesOf(x.shape);
  std::array<std::ptrdiff_t, Shape::kMaxRank> to = {};
  std::ptrdiff_t stride = 1;
  for (std::size_t i = x.shape.rank; i-- > 0;) {
    to[i] = stride;
    stride *= slice.counts[i];
  }
  BlockCopy block(width);
  for (std::size_t i = 0; i < x.shape.rank; ++i) {
    // A single element does not step, wherever its stride would lead.
    const std::int64_t step = slice.counts[i] > 1 ? slice.steps[i] : 0;
    block.Add(static_cast<std::size_t>(slice.counts[i]), step * from[i], to[i]);
  }
  block.Run(x.as<const std::uint8_t>() +
                slice.offset * static_cast<std::ptrdiff_t>(width),
            y.data);
}

StatusCode Eval(EvalContext& context, const Op& op) {
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  if (y.is_dynamic) {
    Slice slice;
    const Finding finding = Resolve(op, &slice);
    if (!finding.ok()) return Report(context, finding);
    const StatusCode code = context.Resize(*op.outputs[0], slice.shape);
    if (code != StatusCode::kOk) return code;
    if (y.shape.Elements() > 0) Copy(x, slice, y);
    return StatusCode::kOk;
  }
  const Plan& plan = *static_cast<const Plan*>(op.state);
  if (plan.run_bytes > 0) {
    std::memcpy(y.data, x.as<const std::uint8_t>() + plan.run_start,
                plan.run_bytes);
  } else if (y.shape.Elements() > 0) {
    Copy(x, plan.slice, y);
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kStridedSlice = {Prepare, Eval};

}  // namespace sotto::runtime
