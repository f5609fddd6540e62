// Mean over dimensions that lie together, vectors along the last dimension:
//
//   y[o][i] = sum_r x[o][r][i] / reduced     x seen as [outer, reduced, inner]
//
//   in 0   x     f32, any shape but empty
//   in 1   axes  int32, constant; negative ones count from the last dimension.
//                No kept dimension (but of size 1) lies between them.
//   out 0  y     f32, the listed dimensions dropped, or 1 with keep_dims
//
// Reads keep_dims. Sums of 64 vectors are added up with their rounding errors,
// so that the error stays below 1e-5 of the mean of |x|, whatever the count.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/cpu/f32_mean.cc"
#include "runtime/kernels/cpu/f32_targets.h"
// f32_targets.h first.
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include <algorithm>
#include <array>
#include <cstring>

#include "hwy/highway.h"
#include "runtime/core/kernel.h"

HWY_BEFORE_NAMESPACE();
namespace sotto::runtime {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t kSums = 4;  // hide the latency of the additions
constexpr std::size_t kChunk = 64;

// The sum over r < count of the vectors at x + r * step.
template <class D>
HWY_INLINE hn::Vec<D> SumVectors(D d, const float* HWY_RESTRICT x,
                                 std::size_t count, std::size_t step) {
  using V = hn::Vec<D>;
  V total = hn::Zero(d), lost = hn::Zero(d);
  for (std::size_t done = 0; done < count; done += kChunk) {
    const std::size_t chunk = std::min(kChunk, count - done);
    V sum[kSums];
#pragma GCC unroll 4
    for (std::size_t s = 0; s < kSums; ++s) sum[s] = hn::Zero(d);
    std::size_t r = 0;
    for (; r + kSums <= chunk; r += kSums, x += kSums * step) {
#pragma GCC unroll 4
      for (std::size_t s = 0; s < kSums; ++s) {
        sum[s] = hn::Add(sum[s], hn::LoadU(d, x + s * step));
      }
    }
    for (; r < chunk; ++r, x += step) {
      sum[0] = hn::Add(sum[0], hn::LoadU(d, x));
    }
    const V part = hn::Add(hn::Add(sum[0], sum[1]), hn::Add(sum[2], sum[3]));
    // total + part, and what rounding that takes away.
    const V next = hn::Add(total, part);
    const V added = hn::Sub(next, total);
    lost = hn::Add(lost, hn::Add(hn::Sub(total, hn::Sub(next, added)),
                                 hn::Sub(part, added)));
    total = next;
  }
  // An infinite total has lost NaN.
  return hn::IfThenElse(hn::IsFinite(lost), hn::Add(total, lost), total);
}

// y[i] = mean of x[r][i], i < inner; inner is at least one vector.
template <class D>
HWY_INLINE void MeanColumns(D d, const float* x, std::size_t reduced,
                            std::size_t inner, float* y) {
  const std::size_t lanes = hn::Lanes(d);
  const auto count = hn::Set(d, static_cast<float>(reduced));
  for (std::size_t done = 0; done < inner; done += lanes) {
    // The last block overlaps the one before.
    const std::size_t i = std::min(done, inner - lanes);
    hn::StoreU(hn::Div(SumVectors(d, x + i, reduced, inner), count), d, y + i);
  }
}

HWY_INLINE float MeanRow(const float* x, std::size_t size) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d), whole = size / lanes;
  auto sum = SumVectors(d, x, whole, lanes);
  if (const std::size_t left = size - whole * lanes; left > 0) {
    HWY_ALIGN float rest[hn::MaxLanes(hn::ScalableTag<float>())] = {};
    std::memcpy(rest, x + whole * lanes, left * sizeof(float));
    sum = hn::Add(sum, hn::Load(d, rest));
  }
  return hn::GetLane(hn::SumOfLanes(d, sum)) / static_cast<float>(size);
}

// One of the outer ones.
void MeanOf(const float* x, std::size_t reduced, std::size_t inner, float* y) {
  const hn::ScalableTag<float> full;
  if (inner == 1) {
    *y = MeanRow(x, reduced);
  } else if (inner >= hn::Lanes(full)) {
    MeanColumns(full, x, reduced, inner, y);
  } else if (inner >= 4) {
    MeanColumns(hn::CappedTag<float, 4>(), x, reduced, inner, y);
  } else {
    MeanColumns(hn::CappedTag<float, 1>(), x, reduced, inner, y);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sotto::runtime {
namespace {

HWY_EXPORT(MeanOf);

constexpr std::size_t kElementsPerNs = 8;

struct Plan {
  std::size_t outer = 1, reduced = 1, inner = 1;
};

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (op.inputs.size() != 2 || op.outputs.size() != 1 ||
      op.inputs[0] == nullptr || op.inputs[1] == nullptr ||
      op.outputs[0] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x, axes -> y");
  }
  const Tensor &x = *op.inputs[0], &axes = *op.inputs[1];
  Tensor& y = *op.outputs[0];
  if (x.type != ElementType::kFloat32 || y.type != ElementType::kFloat32 ||
      axes.type != ElementType::kInt32 || !axes.is_constant) {
    return context.Fail(StatusCode::kUnimplemented,
                        "only f32 with constant int32 axes");
  }
  if (x.shape.Elements() == 0) {
    return context.Fail(StatusCode::kUnimplemented, "x is empty");
  }
  std::array<bool, Shape::kMaxRank> listed = {};
  const auto rank = static_cast<std::int32_t>(x.shape.rank);
  for (std::size_t i = 0; i < axes.shape.Elements(); ++i) {
    const std::int32_t axis = axes.int32s()[i];
    if (axis < -rank || axis >= rank) {  // the reference kernel says so
      return context.Fail(StatusCode::kUnimplemented,
                          "an axis beyond the rank");
    }
    listed[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)] = true;
  }
  Plan plan;
  Shape shape;
  bool before = true;  // no listed dimension so far
  for (std::size_t i = 0; i < x.shape.rank; ++i) {
    const auto size = static_cast<std::size_t>(x.shape[i]);
    if (!listed[i]) {
      shape.dims[shape.rank++] = x.shape[i];
      (before ? plan.outer : plan.inner) *= size;
      continue;
    }
    if (op.options.keep_dims) shape.dims[shape.rank++] = 1;
    if (size == 1) continue;
    if (plan.inner > 1) {
      return context.Fail(StatusCode::kUnimplemented,
                          "a kept dimension between listed ones");
    }
    before = false;
    plan.reduced *= size;
  }
  auto* const state = context.AllocateState<Plan>();
  if (state == nullptr) {
    return context.Fail(StatusCode::kResourceExhausted, "no memory");
  }
  *state = plan;
  op.state = state;
  y.shape = shape;
  y.is_dynamic = false;
  return StatusCode::kOk;
}

StatusCode Eval(EvalContext& context, const Op& op) {
  const Plan& plan = *static_cast<const Plan*>(op.state);
  const float* x = op.inputs[0]->floats();
  float* y = op.outputs[0]->floats();
  const auto mean = HWY_DYNAMIC_DISPATCH(MeanOf);
  const std::size_t size = plan.reduced * plan.inner;
  context.ParallelFor(plan.outer, 1, plan.outer * size / kElementsPerNs,
                      [&](std::size_t begin, std::size_t end, int) {
                        for (std::size_t o = begin; o < end; ++o) {
                          mean(x + o * size, plan.reduced, plan.inner,
                               y + o * plan.inner);
                        }
                      });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kVectorMeanF32 = {Prepare, Eval};

}  // namespace sotto::runtime
#endif  // HWY_ONCE
