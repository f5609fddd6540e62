#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/cpu/f32_gemm.cc"
#include "runtime/kernels/cpu/f32_targets.h"
// f32_targets.h first.
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "hwy/cache_control.h"
#include "hwy/highway.h"
#include "runtime/kernels/cpu/f32_gemm.h"

HWY_BEFORE_NAMESPACE();
namespace sotto::runtime {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Full = hn::ScalableTag<float>;
// Where a vector has 16 lanes, 8 of them serve up to 8 columns: processors that
// split wide vectors compute them twice as fast. 112 x 96 x 24 took 6.1 us, so
// 5.5.
using Eight = hn::CappedTag<float, 8>;
constexpr bool kHasEight = hn::MaxLanes(Full()) > 8;

// A tile is kRows rows by kVectors vectors: its accumulators, the vectors of w
// and one of x fill the registers (32 of AVX-512 and NEON, 16 of AVX2). On a
// core whose multiply-add units give 58.5 GMAC/s, 14 rows of AVX-512 run at 57
// to 58 where k >= 64, 53 at k = 32; MobileNet's 12544 ... 196 pixels divide by
// 14. GCC 12 keeps all 28 sums in registers.
constexpr std::size_t kVectors = 2;
#if HWY_TARGET == HWY_AVX3
constexpr std::size_t kRows = 14;
#elif HWY_TARGET == HWY_NEON
constexpr std::size_t kRows = 12;
#else
constexpr std::size_t kRows = 6;
#endif

template <class D>
HWY_INLINE void StoreColumns(D d, hn::Vec<D> v, float* to,
                             std::size_t columns) {
  if (columns >= hn::Lanes(d)) {
    hn::StoreU(v, d, to);
  } else {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
    hn::BlendedStore(v, hn::FirstN(d, columns), d, to);  // touches no more
#else
    HWY_ALIGN float lanes[hn::MaxLanes(D())];
    hn::Store(v, d, lanes);
    std::memcpy(to, lanes, columns * sizeof(float));
#endif
  }
}

template <class D>
HWY_INLINE hn::Vec<D> LoadColumns(D d, const float* from, std::size_t columns) {
  if (columns >= hn::Lanes(d)) return hn::LoadU(d, from);
  HWY_ALIGN float lanes[hn::MaxLanes(D())] = {};
  std::memcpy(lanes, from, columns * sizeof(float));
  return hn::Load(d, lanes);
}

// Into the second-level cache; any address will do.
HWY_INLINE void PrefetchFar(std::uintptr_t address) {
  __builtin_prefetch(reinterpret_cast<const void*>(address), 0, 2);
}

// Where a tile lies: in y, and which part of the next panel it fetches,
// ahead_step bytes a k, while the multiplications leave the memory idle: 196 x
// 512 x 512 with weights that are not in the cache yet, 957 to 937 us.
struct Place {
  std::size_t row, column;
  std::uintptr_t ahead;
  std::size_t ahead_step;
};

// One tile: R rows whose segments start at rows[r * segments + s], N vectors of
// columns of the panel w, into y from `at` on.
template <class D, std::size_t R, std::size_t N>
void Tile(const F32Gemm& g, const float* const* rows,
          const float* HWY_RESTRICT w, const Place& at) {
  const D d;
  using V = hn::Vec<D>;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t width = kVectors * hn::Lanes(Full());
  const std::size_t segments = g.segments, size = g.segment_size;
  V sum[R][N];
#pragma GCC unroll 16
  for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < N; ++v) sum[r][v] = hn::Load(d, w + v * lanes);
  }
  w += width;
  // The stores must not wait for their lines: 12544 x 32 x 64 behind a
  // depthwise convolution, 800 to 670 us.
  const std::size_t step = g.y_step, first = at.row * step + at.column;
#pragma GCC unroll 16
  for (std::size_t r = 0; r < R; ++r) {
    hwy::Prefetch(g.y + first + r * step);
    if constexpr (N > 1) hwy::Prefetch(g.y + first + r * step + lanes);
  }
  std::uintptr_t ahead = at.ahead;
  const std::size_t ahead_step = at.ahead_step;
  for (std::size_t s = 0; s < segments; ++s) {
    const float* x[R];
#pragma GCC unroll 16
    for (std::size_t r = 0; r < R; ++r) x[r] = rows[r * segments + s];
    for (std::size_t k = 0; k < size; ++k, w += width) {
      PrefetchFar(ahead);
      ahead += ahead_step;
      V b[N];
#pragma GCC unroll 4
      for (std::size_t v = 0; v < N; ++v) b[v] = hn::Load(d, w + v * lanes);
#pragma GCC unroll 16
      for (std::size_t r = 0; r < R; ++r) {
        const V a = hn::Set(d, x[r][k]);
#pragma GCC unroll 4
        for (std::size_t v = 0; v < N; ++v) {
          sum[r][v] = hn::MulAdd(a, b[v], sum[r][v]);
        }
      }
    }
  }
  const V low = hn::Set(d, g.clamp.low), high = hn::Set(d, g.clamp.high);
  const std::size_t columns = g.n - at.column;
  float* y = g.y + first;
  if (g.addend == nullptr && columns >= N * lanes) {
#pragma GCC unroll 16
    for (std::size_t r = 0; r < R; ++r, y += step) {
#pragma GCC unroll 4
      for (std::size_t v = 0; v < N; ++v) {
        hn::StoreU(hn::Min(hn::Max(sum[r][v], low), high), d, y + v * lanes);
      }
    }
    return;
  }
  const V low2 = hn::Set(d, g.addend_clamp.low);
  const V high2 = hn::Set(d, g.addend_clamp.high);
  const float* addend = g.addend == nullptr ? nullptr : g.addend + first;
#pragma GCC unroll 16
  for (std::size_t r = 0; r < R; ++r, y += step) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < N; ++v) {
      V value = hn::Min(hn::Max(sum[r][v], low), high);
      const std::size_t left = columns - v * lanes;
      if (addend != nullptr) {
        value =
            hn::Add(value, LoadColumns(d, addend + r * step + v * lanes, left));
        value = hn::Min(hn::Max(value, low2), high2);
      }
      StoreColumns(d, value, y + v * lanes, left);
    }
  }
}

using TileFunction = void (*)(const F32Gemm&, const float* const*, const float*,
                              const Place&);

// The tile of `rows` rows, 1 <= rows <= kRows.
template <class D, std::size_t N, std::size_t R = kRows>
TileFunction TileOf(std::size_t rows) {
  if constexpr (R > 1) {
    if (rows < R) return TileOf<D, N, R - 1>(rows);
  }
  return &Tile<D, R, N>;
}

// All m rows, N vectors of columns from at.column on, w the first of them.
template <class D, std::size_t N>
HWY_INLINE void Rows(const F32Gemm& g, std::size_t m, const float* w,
                     Place at) {
  // Tiles as even as can be: 49 rows are 13, 12, 12, 12 rather than 14, 14, 14,
  // 7, so that no tile is left with too few accumulators to hide latency.
  const std::size_t tiles = (m + kRows - 1) / kRows;
  const std::size_t rows = m / tiles, longer = m % tiles;
  const TileFunction plain = TileOf<D, N>(rows);
  const TileFunction tall = longer > 0 ? TileOf<D, N>(rows + 1) : plain;
  for (std::size_t t = 0; t < tiles; ++t) {
    const TileFunction tile = t < longer ? tall : plain;
    const std::size_t count = t < longer ? rows + 1 : rows;
    if (g.rows != nullptr) {
      tile(g, g.rows + at.row * g.segments, w, at);
    } else {
      const float* pointers[kRows];
      const float* x = g.x + at.row * g.x_step;
      for (std::size_t r = 0; r < count; ++r, x += g.x_step) pointers[r] = x;
      tile(g, pointers, w, at);
    }
    at.row += count;
    at.ahead += g.segments * g.segment_size * at.ahead_step;
  }
}

void GemmPanels(const F32Gemm& g, std::size_t m, std::size_t first,
                std::size_t last) {
  const std::size_t lanes = hn::Lanes(Full());
  const std::size_t width = kVectors * lanes;
  const std::size_t panel = width * (g.segments * g.segment_size + 1);
  const std::size_t tiles = (m + kRows - 1) / kRows;
  if (tiles == 0) return;
  for (std::size_t p = first; p < last; ++p) {
    const float* w = g.packed + p * panel;
    Place at = {0, p * width, reinterpret_cast<std::uintptr_t>(w + panel),
                (width * sizeof(float) + tiles - 1) / tiles};
    const std::size_t left = g.n - at.column;
    if (left > lanes + (kHasEight ? 8 : 0)) {
      Rows<Full, 2>(g, m, w, at);
      continue;
    }
    if (left > (kHasEight ? 8 : 0)) {
      Rows<Full, 1>(g, m, w, at);
      if (left <= lanes) continue;
      w += lanes;
      at.column += lanes;
    }
    if constexpr (kHasEight) Rows<Eight, 1>(g, m, w, at);
  }
}

std::size_t PanelColumns() { return kVectors * hn::Lanes(Full()); }
std::size_t TileRows() { return kRows; }

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sotto::runtime {

HWY_EXPORT(GemmPanels);
HWY_EXPORT(PanelColumns);
HWY_EXPORT(TileRows);

std::size_t F32PanelColumns() { return HWY_DYNAMIC_DISPATCH(PanelColumns)(); }
std::size_t F32TileRows() { return HWY_DYNAMIC_DISPATCH(TileRows)(); }

bool F32PackedBytes(std::size_t k, std::size_t n, std::size_t* bytes) {
  constexpr std::size_t kMaxBytes = std::size_t{1} << 40;
  const std::size_t columns = F32Panels(n) * F32PanelColumns();
  if (columns > 0 && k + 1 > kMaxBytes / sizeof(float) / columns) return false;
  *bytes = (k + 1) * columns * sizeof(float);
  return true;
}

std::uint32_t F32PackedLayout() {
  constexpr std::uint32_t kLayout = 0x46320000;  // version 0 in the low bytes
  return kLayout + static_cast<std::uint32_t>(F32PanelColumns());
}

void F32GemmPanels(const F32Gemm& gemm, std::size_t m, std::size_t first,
                   std::size_t last) {
  HWY_DYNAMIC_DISPATCH(GemmPanels)(gemm, m, first, last);
}

}  // namespace sotto::runtime
#endif  // HWY_ONCE
