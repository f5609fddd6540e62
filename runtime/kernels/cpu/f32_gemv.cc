#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/cpu/f32_gemv.cc"
#include "runtime/kernels/cpu/f32_targets.h"
// f32_targets.h first.
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include <algorithm>
#include <cstring>

#include "hwy/highway.h"
#include "runtime/kernels/cpu/f32_gemv.h"

HWY_BEFORE_NAMESPACE();
namespace sotto::runtime {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// Outputs at once: their weights are so many streams, and prefetchers follow
// four but not eight; two sums of each hide the latency of the additions.
// On a core that reads 29 floats/ns from its second-level cache, 128 x 640 ran
// at 19 with eight outputs, at 25 with four; their joint horizontal sum helps
// where k is small.
constexpr std::size_t kOutputs = 4;
constexpr std::size_t kSums = 2;
// Rows of so many floats one after the other: memory beyond that cache likes
// one stream best; 1024 x 1008 that is not cached, 112 to 89 us.
constexpr std::size_t kLongRow = 512;

#if HWY_TARGET != HWY_SCALAR
template <class Any>
HWY_INLINE auto FoldTo4(Any d, hn::Vec<Any> v) {
  if constexpr (hn::MaxLanes(Any()) <= 4) {
    return v;
  } else {
    const hn::Half<Any> half;
    return FoldTo4(half,
                   hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
  (void)d;
}

// The four sums over the lanes of s[0] ... s[3].
HWY_INLINE void SumLanes(const V* s, float* y) {
  const D d;
  const hn::Repartition<double, D> wide;
  const auto pair = [&](V a, V b) HWY_ATTR {
    return hn::BitCast(wide, hn::Add(hn::InterleaveLower(d, a, b),
                                     hn::InterleaveUpper(d, a, b)));
  };
  const auto low = pair(s[0], s[1]), high = pair(s[2], s[3]);
  const V four = hn::Add(hn::BitCast(d, hn::InterleaveLower(wide, low, high)),
                         hn::BitCast(d, hn::InterleaveUpper(wide, low, high)));
  hn::StoreU(FoldTo4(d, four), hn::CappedTag<float, 4>(), y);
}
#else
HWY_INLINE void SumLanes(const V* s, float* y) {
  for (std::size_t r = 0; r < kOutputs; ++r) y[r] = hn::GetLane(s[r]);
}
#endif

// sums[r] = sum over the whole vectors of x * w[r], on x86 of all of it.
template <std::size_t R>
HWY_INLINE void SumRows(const F32Gemv& g, const float* const* w, V* sums) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  V sum[kSums][R];
#pragma GCC unroll 2
  for (std::size_t s = 0; s < kSums; ++s) {
#pragma GCC unroll 4
    for (std::size_t r = 0; r < R; ++r) sum[s][r] = hn::Zero(d);
  }
  std::size_t i = 0;
  for (; i + kSums * lanes <= g.k; i += kSums * lanes) {
#pragma GCC unroll 2
    for (std::size_t s = 0; s < kSums; ++s) {
      const V x = hn::LoadU(d, g.x + i + s * lanes);
#pragma GCC unroll 4
      for (std::size_t r = 0; r < R; ++r) {
        sum[s][r] =
            hn::MulAdd(x, hn::LoadU(d, w[r] + i + s * lanes), sum[s][r]);
      }
    }
  }
  if (i + lanes <= g.k) {
    const V x = hn::LoadU(d, g.x + i);
#pragma GCC unroll 4
    for (std::size_t r = 0; r < R; ++r) {
      sum[0][r] = hn::MulAdd(x, hn::LoadU(d, w[r] + i), sum[0][r]);
    }
    i += lanes;
  }
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
  if (i < g.k) {
    const auto mask = hn::FirstN(d, g.k - i);  // a masked load touches no more
    const V x = hn::MaskedLoad(mask, d, g.x + i);
#pragma GCC unroll 4
    for (std::size_t r = 0; r < R; ++r) {
      sum[1][r] = hn::MulAdd(x, hn::MaskedLoad(mask, d, w[r] + i), sum[1][r]);
    }
  }
#endif
#pragma GCC unroll 4
  for (std::size_t r = 0; r < R; ++r) sums[r] = hn::Add(sum[0][r], sum[1][r]);
}

// Outputs o to o + count - 1, count <= kOutputs; the last one also in the place
// of the missing ones.
HWY_INLINE void Outputs(const F32Gemv& g, std::size_t o, std::size_t count) {
  const float* w[kOutputs];
  for (std::size_t r = 0; r < kOutputs; ++r) {
    w[r] = g.w + (o + std::min(r, count - 1)) * g.k;
  }
  V sum[kOutputs];
  if (g.k >= kLongRow) {
#pragma GCC unroll 4
    for (std::size_t r = 0; r < kOutputs; ++r) SumRows<1>(g, w + r, sum + r);
  } else {
    SumRows<kOutputs>(g, w, sum);
  }
  float y[kOutputs];
  SumLanes(sum, y);
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
  const std::size_t i = g.k;
#else
  const std::size_t i = g.k / hn::Lanes(D()) * hn::Lanes(D());
#endif
  for (std::size_t r = 0; r < count; ++r) {
    for (std::size_t j = i; j < g.k; ++j) y[r] += g.x[j] * w[r][j];
    if (g.bias != nullptr) y[r] += g.bias[o + r];
    g.y[o + r] = std::min(std::max(y[r], g.clamp.low), g.clamp.high);
  }
}

void GemvRows(const F32Gemv& g, std::size_t first, std::size_t last) {
  for (std::size_t o = first; o < last; o += kOutputs) {
    Outputs(g, o, std::min(kOutputs, last - o));
  }
}

// Vectors in a row of a panel, as in f32_gemm.cc.
constexpr std::size_t kVectors = 2;
// Rows of a panel at once, each with sums of its own: 4 ran no faster.
constexpr std::size_t kRows = 2;

// The first N vectors of a panel.
template <std::size_t N>
HWY_INLINE void Panel(const F32Gemv& g, const float* HWY_RESTRICT w,
                      std::size_t column) {
  const D d;
  const std::size_t lanes = hn::Lanes(d), width = kVectors * lanes;
  V sum[kRows][N];
#pragma GCC unroll 2
  for (std::size_t v = 0; v < N; ++v) {
    sum[0][v] = hn::Load(d, w + v * lanes);
    sum[1][v] = hn::Zero(d);
  }
  w += width;
  std::size_t i = 0;
  for (; i + kRows <= g.k; i += kRows, w += kRows * width) {
#pragma GCC unroll 2
    for (std::size_t r = 0; r < kRows; ++r) {
      const V x = hn::Set(d, g.x[i + r]);
#pragma GCC unroll 2
      for (std::size_t v = 0; v < N; ++v) {
        sum[r][v] =
            hn::MulAdd(x, hn::Load(d, w + r * width + v * lanes), sum[r][v]);
      }
    }
  }
  if (i < g.k) {
    const V x = hn::Set(d, g.x[i]);
#pragma GCC unroll 2
    for (std::size_t v = 0; v < N; ++v) {
      sum[0][v] = hn::MulAdd(x, hn::Load(d, w + v * lanes), sum[0][v]);
    }
  }
  const V low = hn::Set(d, g.clamp.low), high = hn::Set(d, g.clamp.high);
#pragma GCC unroll 2
  for (std::size_t v = 0; v < N; ++v, column += lanes) {
    const V y = hn::Min(hn::Max(hn::Add(sum[0][v], sum[1][v]), low), high);
    if (column + lanes <= g.n) {
      hn::StoreU(y, d, g.y + column);
    } else if (column < g.n) {
      HWY_ALIGN float rest[hn::MaxLanes(D())];
      hn::Store(y, d, rest);
      std::memcpy(g.y + column, rest, (g.n - column) * sizeof(float));
    }
  }
}

void GemvPanels(const F32Gemv& g, std::size_t first, std::size_t last) {
  const std::size_t lanes = hn::Lanes(D()), width = kVectors * lanes;
  for (std::size_t p = first; p < last; ++p) {
    const float* const w = g.w + p * width * (g.k + 1);
    if (g.n - p * width <= lanes) {
      Panel<1>(g, w, p * width);
    } else {
      Panel<kVectors>(g, w, p * width);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sotto::runtime {

HWY_EXPORT(GemvRows);
HWY_EXPORT(GemvPanels);

void F32GemvRows(const F32Gemv& gemv, std::size_t first, std::size_t last) {
  HWY_DYNAMIC_DISPATCH(GemvRows)(gemv, first, last);
}

void F32GemvPanels(const F32Gemv& gemv, std::size_t first, std::size_t last) {
  HWY_DYNAMIC_DISPATCH(GemvPanels)(gemv, first, last);
}

}  // namespace sotto::runtime
#endif  // HWY_ONCE
