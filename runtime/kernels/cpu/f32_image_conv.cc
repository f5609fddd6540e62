#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/cpu/f32_image_conv.cc"
#include "runtime/kernels/cpu/f32_targets.h"
// f32_targets.h first.
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "hwy/highway.h"
#include "runtime/kernels/cpu/f32_gemm.h"
#include "runtime/kernels/cpu/f32_image_conv.h"

HWY_BEFORE_NAMESPACE();
namespace sotto::runtime {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Full = hn::ScalableTag<float>;
// Where a vector has 16 lanes, 8 of them serve up to 8 columns: processors that
// split wide vectors compute them twice as fast.
using Eight = hn::CappedTag<float, 8>;
constexpr bool kHasEight = hn::MaxLanes(Full()) > 8;

// Pixels of a tile, as rows in f32_gemm.cc. The tiles of a row are as even as
// can be, so none has less than half of it.
constexpr std::size_t kVectors = 2;
#if HWY_TARGET == HWY_AVX3
constexpr std::size_t kPixels = 14;
#elif HWY_TARGET == HWY_NEON
constexpr std::size_t kPixels = 12;
#else
constexpr std::size_t kPixels = 6;
#endif

template <class D>
HWY_INLINE void StoreColumns(D d, hn::Vec<D> v, float* to,
                             std::size_t columns) {
  if (columns >= hn::Lanes(d)) {
    hn::StoreU(v, d, to);
  } else {
    HWY_ALIGN float lanes[hn::MaxLanes(D())];
    hn::Store(v, d, lanes);
    std::memcpy(to, lanes, columns * sizeof(float));
  }
}

// What the tiles of a row share.
struct Line {
  const F32ImageConv* g;
  const float* const* rows;  // of x, filter_h of them
  std::size_t run;           // floats of a patch in a row
  std::size_t step;          // floats between patches
};

// `count` tiles of P pixels from ox on, N vectors of columns: `columns` of
// them, w their first. The patches are addressed as four pointers and four
// offsets, which stay in registers; 14 addresses would not.
template <class D, std::size_t P, std::size_t N>
void Tiles(const Line& line, std::size_t ox, std::size_t count,
           const float* HWY_RESTRICT panel, std::size_t columns, float* y) {
  const D d;
  using V = hn::Vec<D>;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t width = kVectors * hn::Lanes(Full());
  const std::size_t step = line.step, run = line.run;
  const std::size_t y_step = line.g->out;
  const auto filter_h = static_cast<std::size_t>(line.g->v.filter_h);
  const V low = hn::Set(d, line.g->clamp.low);
  const V high = hn::Set(d, line.g->clamp.high);
  for (; count > 0; --count, ox += P) {
    const float* HWY_RESTRICT w = panel;
    V sum[P][N];
#pragma GCC unroll 16
    for (std::size_t p = 0; p < P; ++p) {
#pragma GCC unroll 2
      for (std::size_t v = 0; v < N; ++v) {
        sum[p][v] = hn::Load(d, w + v * lanes);
      }
    }
    w += width;
    for (std::size_t ky = 0; ky < filter_h; ++ky) {
      const float* x[4];
#pragma GCC unroll 4
      for (std::size_t i = 0; i < 4; ++i) {
        x[i] = line.rows[ky] + (ox + 4 * i) * step;
      }
      for (std::size_t k = 0; k < run; ++k, w += width) {
        V b[N];
#pragma GCC unroll 2
        for (std::size_t v = 0; v < N; ++v) b[v] = hn::Load(d, w + v * lanes);
#pragma GCC unroll 16
        for (std::size_t p = 0; p < P; ++p) {
          const V a = hn::Set(d, x[p / 4][p % 4 * step]);
#pragma GCC unroll 2
          for (std::size_t v = 0; v < N; ++v) {
            sum[p][v] = hn::MulAdd(a, b[v], sum[p][v]);
          }
        }
#pragma GCC unroll 4
        for (std::size_t i = 0; i < 4; ++i) ++x[i];
      }
    }
    const bool whole = columns >= N * lanes;
#pragma GCC unroll 16
    for (std::size_t p = 0; p < P; ++p, y += y_step) {
#pragma GCC unroll 2
      for (std::size_t v = 0; v < N; ++v) {
        const V value = hn::Min(hn::Max(sum[p][v], low), high);
        if (HWY_LIKELY(whole)) {
          hn::StoreU(value, d, y + v * lanes);
        } else {
          StoreColumns(d, value, y + v * lanes, columns - v * lanes);
        }
      }
    }
  }
}

using TilesFunction = void (*)(const Line&, std::size_t, std::size_t,
                               const float*, std::size_t, float*);

template <class D, std::size_t N, std::size_t P = kPixels>
TilesFunction TilesOf(std::size_t pixels) {
  if constexpr (P > kPixels / 2) {
    if (pixels < P) return TilesOf<D, N, P - 1>(pixels);
  }
  return &Tiles<D, P, N>;
}

// All pixels of a row, `columns` columns from y on.
template <class D, std::size_t N>
HWY_INLINE void Columns(const Line& line, const float* w, std::size_t columns,
                        float* y) {
  const auto width = static_cast<std::size_t>(line.g->v.out_w);
  const std::size_t tiles = (width + kPixels - 1) / kPixels;
  const std::size_t pixels = width / tiles, longer = width % tiles;
  std::size_t ox = 0;
  if (longer > 0) {
    TilesOf<D, N>(pixels + 1)(line, 0, longer, w, columns, y);
    ox = longer * (pixels + 1);
  }
  TilesOf<D, N>(pixels)(line, ox, tiles - longer, w, columns,
                        y + ox * line.g->out);
}

bool HasTiles(std::size_t width) { return width >= kPixels / 2; }

void ConvRow(const F32ImageConv& g, const float* const* rows, float* y) {
  const auto channels = static_cast<std::size_t>(g.v.channels);
  const Line line = {&g, rows,
                     static_cast<std::size_t>(g.v.filter_w) * channels,
                     static_cast<std::size_t>(g.v.stride_w) * channels};
  const std::size_t lanes = hn::Lanes(Full()), width = kVectors * lanes;
  const std::size_t depth = line.run * static_cast<std::size_t>(g.v.filter_h);
  const float* w = g.packed;
  for (std::size_t column = 0; column < g.out; column += width) {
    const std::size_t left = g.out - column;
    float* const to = y + column;
    if (left > lanes + (kHasEight ? 8 : 0)) {
      Columns<Full, 2>(line, w, left, to);
    } else {
      if (left > lanes || (left > 8 || !kHasEight)) {
        Columns<Full, 1>(line, w, left, to);
      }
      if constexpr (kHasEight) {
        if (left > lanes) {
          Columns<Eight, 1>(line, w + lanes, left - lanes, to + lanes);
        } else if (left <= 8) {
          Columns<Eight, 1>(line, w, left, to);
        }
      }
    }
    w += width * (depth + 1);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sotto::runtime {
namespace {

HWY_EXPORT(ConvRow);
HWY_EXPORT(HasTiles);

// From so many channels on, a pointer per tap costs nothing beside its work.
constexpr std::int32_t kManyChannels = 32;
// So that the copies stay in the second-level cache.
constexpr std::int32_t kMaxFilter = 11;
constexpr std::size_t kMaxRowFloats = 8192;

std::size_t Size(std::int32_t value) { return static_cast<std::size_t>(value); }

// Floats of a row of x between its borders.
std::size_t RowFloats(const Window& v) {
  return (Size(v.out_w - 1) * Size(v.stride_w) + Size(v.filter_w)) *
         Size(v.channels);
}

// A worker's memory: the pointers of the current row of y; which row of x each
// of filter_h copies holds; the copies, and one of zeros.
struct Copies {
  const float** rows;
  std::int64_t* held;
  float* floats;

  Copies(const Window& v, void* scratch)
      : rows(static_cast<const float**>(scratch)),
        held(reinterpret_cast<std::int64_t*>(rows + v.filter_h)),
        floats(reinterpret_cast<float*>(held + v.filter_h)) {}
};

}  // namespace

bool F32ImageConv::Suits(const Window& v) {
  if (v.filter_h > kMaxFilter || RowFloats(v) > kMaxRowFloats) return false;
  return v.channels < kManyChannels && v.dilation_h == 1 && v.dilation_w == 1 &&
         v.filter_h * std::int64_t{v.filter_w} > 1 &&
         HWY_DYNAMIC_DISPATCH(HasTiles)(Size(v.out_w));
}

std::size_t F32ImageConv::ScratchBytes(const Window& v) {
  return Size(v.filter_h) * (sizeof(const float*) + sizeof(std::int64_t)) +
         (Size(v.filter_h) + 1) * RowFloats(v) * sizeof(float);
}

void F32ImageConv::Rows(const float* x, std::size_t begin, std::size_t end,
                        void* scratch, float* y) const {
  const Copies copies(v, scratch);
  const std::size_t size = RowFloats(v), filter_h = Size(v.filter_h);
  const std::size_t border = Size(v.pad_left) * Size(v.channels);
  const std::size_t line = Size(v.in_w) * Size(v.channels);
  const std::size_t inside = std::min(line, size - border);
  const float* const zeros = copies.floats + filter_h * size;
  std::fill(copies.floats, copies.floats + (filter_h + 1) * size, 0.0f);
  std::fill(copies.held, copies.held + filter_h, std::int64_t{-1});
  const auto conv_row = HWY_DYNAMIC_DISPATCH(ConvRow);
  for (std::size_t row = begin; row < end; ++row) {
    const std::size_t image = row / Size(v.out_h);
    const auto oy = static_cast<std::int32_t>(row % Size(v.out_h));
    for (std::int32_t ky = 0; ky < v.filter_h; ++ky) {
      const std::int32_t iy = oy * v.stride_h - v.pad_top + ky;
      if (iy < 0 || iy >= v.in_h) {
        copies.rows[ky] = zeros;
        continue;
      }
      // Rows in use at once have different places.
      const std::size_t number = image * Size(v.in_h) + Size(iy);
      const std::size_t place = number % filter_h;
      float* const copy = copies.floats + place * size;
      copies.rows[ky] = copy;
      if (copies.held[place] == static_cast<std::int64_t>(number)) continue;
      copies.held[place] = static_cast<std::int64_t>(number);
      std::memcpy(copy + border, x + number * line, inside * sizeof(float));
    }
    conv_row(*this, copies.rows, y);
    y += Size(v.out_w) * out;
  }
}

}  // namespace sotto::runtime
#endif  // HWY_ONCE
