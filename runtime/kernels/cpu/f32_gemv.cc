#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/cpu/f32_gemv.cc"
#include "runtime/kernels/cpu/f32_targets.h"
// f32_targets.h first.
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include <algorithm>

#include "hwy/highway.h"
#include "runtime/kernels/cpu/f32_gemv.h"

HWY_BEFORE_NAMESPACE();
namespace sotto::runtime {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// Outputs at once: so many sums hide the latency of the additions, and their
// weights are so many streams, which prefetchers still follow.
constexpr std::size_t kOutputs = 8;

template <std::size_t R>
HWY_INLINE void Outputs(const F32Gemv& g, std::size_t o) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  const float* HWY_RESTRICT w = g.w + o * g.k;
  V sum[R];
#pragma GCC unroll 8
  for (std::size_t r = 0; r < R; ++r) sum[r] = hn::Zero(d);
  std::size_t i = 0;
  for (; i + lanes <= g.k; i += lanes) {
    const V x = hn::LoadU(d, g.x + i);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < R; ++r) {
      sum[r] = hn::MulAdd(x, hn::LoadU(d, w + r * g.k + i), sum[r]);
    }
  }
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
  if (i < g.k) {
    const auto mask = hn::FirstN(d, g.k - i);  // a masked load touches no more
    const V x = hn::MaskedLoad(mask, d, g.x + i);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < R; ++r) {
      sum[r] = hn::MulAdd(x, hn::MaskedLoad(mask, d, w + r * g.k + i), sum[r]);
    }
    i = g.k;
  }
#endif
#pragma GCC unroll 8
  for (std::size_t r = 0; r < R; ++r) {
    float y = hn::GetLane(hn::SumOfLanes(d, sum[r]));
    for (std::size_t j = i; j < g.k; ++j) y += g.x[j] * w[r * g.k + j];
    if (g.bias != nullptr) y += g.bias[o + r];
    g.y[o + r] = std::min(std::max(y, g.clamp.low), g.clamp.high);
  }
}

void GemvRows(const F32Gemv& g, std::size_t first, std::size_t last) {
  std::size_t o = first;
  for (; o + kOutputs <= last; o += kOutputs) Outputs<kOutputs>(g, o);
  for (; o < last; ++o) Outputs<1>(g, o);
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sotto::runtime {

HWY_EXPORT(GemvRows);

void F32GemvRows(const F32Gemv& gemv, std::size_t first, std::size_t last) {
  HWY_DYNAMIC_DISPATCH(GemvRows)(gemv, first, last);
}

}  // namespace sotto::runtime
#endif  // HWY_ONCE
