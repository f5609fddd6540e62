#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/cpu/f32_depthwise.cc"
#include "runtime/kernels/cpu/f32_targets.h"
// f32_targets.h first.
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include <algorithm>

#include "hwy/highway.h"
#include "runtime/kernels/cpu/f32_depthwise.h"

HWY_BEFORE_NAMESPACE();
namespace sotto::runtime {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Pixels of one tile: MobileNet's rows are 7, 14, ... 112 wide, and 7 sums, 3
// weights of a filter row and an input still fit 16 registers.
constexpr std::size_t kPixels = 7;

// Two rows at once need 14 sums and 9 weights in registers. They load 36 inputs
// for 14 outputs instead of 27 for 7: 56 x 56 x 128 took 114 us, 98 with the
// loop over channels in one piece, 87 with two rows.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
constexpr bool kPairs = true;
#else
constexpr bool kPairs = false;
#endif

struct RowTask {
  const F32Depthwise* g;
  std::size_t table_step, y_step, y_row_step;
};

// In the loops over channels the last block overlaps the one before, so that it
// ends with the last channel (the same values are stored again).

// P pixels of R rows, an F x F filter without dilation, stride S: every input
// is loaded once for all sums that it goes into.
template <class D, std::size_t F, std::size_t S, std::size_t R, std::size_t P>
void WindowTile(const RowTask& t, const float* const* table, float* y) {
  const D d;
  using V = hn::Vec<D>;
  const std::size_t lanes = hn::Lanes(d);
  const auto channels = static_cast<std::size_t>(t.g->v.channels);
  const std::size_t step = t.table_step, y_step = t.y_step;
  const std::size_t y_row_step = t.y_row_step;
  const V low = hn::Set(d, t.g->clamp.low), high = hn::Set(d, t.g->clamp.high);
  const float* const weights = t.g->w;
  const float* const bias = t.g->bias;
  for (std::size_t done = 0; done < channels; done += lanes) {
    const std::size_t c = std::min(done, channels - lanes);
    V sum[R][P];
    const V start = hn::LoadU(d, bias + c);
#pragma GCC unroll 2
    for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 8
      for (std::size_t p = 0; p < P; ++p) sum[r][p] = start;
    }
    V w[F][F];
#pragma GCC unroll 8
    for (std::size_t iy = 0; iy < (R - 1) * S + F; ++iy) {
      if (iy < F) {
#pragma GCC unroll 8
        for (std::size_t kx = 0; kx < F; ++kx) {
          w[iy][kx] = hn::LoadU(d, weights + (iy * F + kx) * channels + c);
        }
      }
#pragma GCC unroll 32
      for (std::size_t j = 0; j < (P - 1) * S + F; ++j) {
        const V x = hn::LoadU(d, table[iy * step + j] + c);
#pragma GCC unroll 2
        for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 8
          for (std::size_t kx = 0; kx < F; ++kx) {
            if (iy >= r * S && iy - r * S < F && j >= kx && (j - kx) % S == 0 &&
                (j - kx) / S < P) {
              V& to = sum[r][(j - kx) / S];
              to = hn::MulAdd(x, w[iy - r * S][kx], to);
            }
          }
        }
      }
    }
#pragma GCC unroll 2
    for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 8
      for (std::size_t p = 0; p < P; ++p) {
        hn::StoreU(hn::Min(hn::Max(sum[r][p], low), high), d,
                   y + r * y_row_step + p * y_step + c);
      }
    }
  }
}

// P pixels of any filter.
template <class D, std::size_t P>
void AnyTile(const RowTask& t, const float* const* table, float* y) {
  const D d;
  using V = hn::Vec<D>;
  const F32Depthwise& g = *t.g;
  const std::size_t lanes = hn::Lanes(d);
  const auto channels = static_cast<std::size_t>(g.v.channels);
  const auto filter_h = static_cast<std::size_t>(g.v.filter_h);
  const auto filter_w = static_cast<std::size_t>(g.v.filter_w);
  const auto stride = static_cast<std::size_t>(g.v.stride_w);
  const auto dilation = static_cast<std::size_t>(g.v.dilation_w);
  const V low = hn::Set(d, g.clamp.low), high = hn::Set(d, g.clamp.high);
  for (std::size_t done = 0; done < channels; done += lanes) {
    const std::size_t c = std::min(done, channels - lanes);
    V sum[P];
    const V start = hn::LoadU(d, g.bias + c);
#pragma GCC unroll 8
    for (std::size_t p = 0; p < P; ++p) sum[p] = start;
    const float* w = g.w + c;
    for (std::size_t ky = 0; ky < filter_h; ++ky) {
      const float* const* column = table + ky * t.table_step;
      for (std::size_t kx = 0; kx < filter_w; ++kx, w += channels) {
        const V tap = hn::LoadU(d, w);
#pragma GCC unroll 8
        for (std::size_t p = 0; p < P; ++p) {
          const float* x = column[kx * dilation + p * stride];
          sum[p] = hn::MulAdd(hn::LoadU(d, x + c), tap, sum[p]);
        }
      }
    }
#pragma GCC unroll 8
    for (std::size_t p = 0; p < P; ++p) {
      hn::StoreU(hn::Min(hn::Max(sum[p], low), high), d, y + p * t.y_step + c);
    }
  }
}

using TileFunction = void (*)(const RowTask&, const float* const*, float*);

template <class D, std::size_t F, std::size_t S, std::size_t R,
          std::size_t P = kPixels>
TileFunction WindowTileOf(std::size_t pixels) {
  if constexpr (P > 1) {
    if (pixels < P) return WindowTileOf<D, F, S, R, P - 1>(pixels);
  }
  return &WindowTile<D, F, S, R, P>;
}

template <class D, std::size_t P = kPixels>
TileFunction AnyTileOf(std::size_t pixels) {
  if constexpr (P > 1) {
    if (pixels < P) return AnyTileOf<D, P - 1>(pixels);
  }
  return &AnyTile<D, P>;
}

using Full = hn::ScalableTag<float>;

// Where a vector has 16 lanes, 8 of them serve 8 to 15 channels.
using Eight = hn::CappedTag<float, 8>;
constexpr std::size_t kLeastLanes = hn::MaxLanes(Full()) > 8
                                        ? 8
                                        : hn::MaxLanes(Full());

// A 3 x 3 filter, the strides alike: what WindowTile is made for.
bool IsUsual(const Window& v) {
  return v.filter_h == 3 && v.filter_w == 3 && v.dilation_h == 1 &&
         v.dilation_w == 1 && v.stride_h == v.stride_w && v.stride_w <= 2 &&
         static_cast<std::size_t>(v.channels) >= kLeastLanes;
}

bool PairsRows(const Window& v) { return kPairs && IsUsual(v); }

template <class D>
TileFunction UsualTileOf(const Window& v, std::size_t rows,
                         std::size_t pixels) {
  const bool one = v.stride_w == 1;
  if constexpr (kPairs) {
    if (rows == 2) {
      return one ? WindowTileOf<D, 3, 1, 2>(pixels)
                 : WindowTileOf<D, 3, 2, 2>(pixels);
    }
  }
  (void)rows;
  return one ? WindowTileOf<D, 3, 1, 1>(pixels)
             : WindowTileOf<D, 3, 2, 1>(pixels);
}

TileFunction TileOf(const Window& v, std::size_t rows, std::size_t pixels) {
  const auto channels = static_cast<std::size_t>(v.channels);
  if (channels >= hn::Lanes(Full())) {
    if (IsUsual(v)) return UsualTileOf<Full>(v, rows, pixels);
    if (v.filter_h == 5 && v.filter_w == 5 && v.dilation_w == 1 &&
        v.stride_w == 1) {
      return WindowTileOf<Full, 5, 1, 1>(pixels);
    }
    return AnyTileOf<Full>(pixels);
  }
  if (channels >= 8) {
    if constexpr (hn::MaxLanes(Full()) > 8) {
      if (IsUsual(v)) return UsualTileOf<Eight>(v, rows, pixels);
    }
    return AnyTileOf<Eight>(pixels);
  }
  if (channels >= 4) return AnyTileOf<hn::CappedTag<float, 4>>(pixels);
  return AnyTileOf<hn::CappedTag<float, 1>>(pixels);
}

// One row, or two where PairsRows.
void DepthwiseRows(const F32Depthwise& g, std::size_t rows,
                   const float* const* table, float* y, std::size_t y_step) {
  const auto width = static_cast<std::size_t>(g.v.out_w);
  const auto stride = static_cast<std::size_t>(g.v.stride_w);
  const RowTask task = {&g, F32Depthwise::TableColumns(g.v), y_step,
                        width * y_step};
  // As even as can be: 8 pixels are 4 and 4.
  const std::size_t tiles = (width + kPixels - 1) / kPixels;
  const std::size_t pixels = width / tiles, longer = width % tiles;
  const TileFunction plain = TileOf(g.v, rows, pixels);
  const TileFunction tall = longer > 0 ? TileOf(g.v, rows, pixels + 1) : plain;
  std::size_t ox = 0;
  for (std::size_t i = 0; i < tiles; ++i) {
    (i < longer ? tall : plain)(task, table + ox * stride, y + ox * y_step);
    ox += i < longer ? pixels + 1 : pixels;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sotto::runtime {

HWY_EXPORT(DepthwiseRows);
HWY_EXPORT(PairsRows);

// Rows of the table from that of output row oy, ky = 0 on.
void F32Depthwise::FillTable(const float* image, std::size_t oy,
                             std::int32_t rows, const float** table) const {
  const std::size_t columns = TableColumns(v);
  const auto channels = static_cast<std::size_t>(v.channels);
  const auto in_w = static_cast<std::size_t>(v.in_w);
  const std::size_t left =
      std::min(static_cast<std::size_t>(v.pad_left), columns);
  const std::size_t right = std::min(left + in_w, columns);
  const float** next = table;
  for (std::int32_t row = 0; row < rows; ++row, next += columns) {
    const std::int32_t iy = static_cast<std::int32_t>(oy) * v.stride_h -
                            v.pad_top + row * v.dilation_h;
    if (iy < 0 || iy >= v.in_h) {
      std::fill(next, next + columns, zeros);
      continue;
    }
    const float* pixel = image + static_cast<std::size_t>(iy) * in_w * channels;
    std::fill(next, next + left, zeros);
    for (std::size_t i = left; i < right; ++i) {
      next[i] = pixel + (i - left) * channels;
    }
    std::fill(next + right, next + columns, zeros);
  }
}

void F32Depthwise::Rows(const float* image, std::size_t first, std::size_t last,
                        const float** table, float* y,
                        std::size_t y_step) const {
  const bool pairs = HWY_DYNAMIC_DISPATCH(PairsRows)(v);
  for (std::size_t oy = first; oy < last;) {
    const std::size_t rows = pairs && oy + 2 <= last ? 2 : 1;
    FillTable(image, oy, v.filter_h + (rows == 2 ? v.stride_h : 0), table);
    HWY_DYNAMIC_DISPATCH(DepthwiseRows)(*this, rows, table, y, y_step);
    y += rows * static_cast<std::size_t>(v.out_w) * y_step;
    oy += rows;
  }
}

}  // namespace sotto::runtime
#endif  // HWY_ONCE
