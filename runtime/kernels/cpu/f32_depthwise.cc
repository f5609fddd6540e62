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

struct RowTask {
  const F32Depthwise* g;
  std::size_t table_step, y_step;
};

// Calls block(c) for c = 0, lanes, ...; the last block overlaps the one before
// so that it ends with the last channel (the same values are stored again).
template <class Block>
HWY_INLINE void ForEachBlock(std::size_t channels, std::size_t lanes,
                             const Block& block) {
  std::size_t c = 0;
  for (; c + lanes <= channels; c += lanes) block(c);
  if (c < channels) block(channels - lanes);
}

// P pixels of a FH x FW filter without dilation, stride S in x: every input is
// loaded once for all sums that it goes into.
template <class D, std::size_t FH, std::size_t FW, std::size_t S, std::size_t P>
void WindowTile(const RowTask& t, const float* const* table, float* y) {
  const D d;
  using V = hn::Vec<D>;
  const F32Depthwise& g = *t.g;
  const auto channels = static_cast<std::size_t>(g.v.channels);
  const std::size_t step = t.table_step, y_step = t.y_step;
  const V low = hn::Set(d, g.clamp.low), high = hn::Set(d, g.clamp.high);
  const float *weights = g.w, *bias = g.bias;
  const auto block = [&](std::size_t c) HWY_ATTR {
    V sum[P];
    const V start = hn::LoadU(d, bias + c);
#pragma GCC unroll 8
    for (std::size_t p = 0; p < P; ++p) sum[p] = start;
#pragma GCC unroll 8
    for (std::size_t ky = 0; ky < FH; ++ky) {
      V w[FW];
#pragma GCC unroll 8
      for (std::size_t kx = 0; kx < FW; ++kx) {
        w[kx] = hn::LoadU(d, weights + (ky * FW + kx) * channels + c);
      }
#pragma GCC unroll 32
      for (std::size_t j = 0; j < (P - 1) * S + FW; ++j) {
        const V x = hn::LoadU(d, table[ky * step + j] + c);
#pragma GCC unroll 8
        for (std::size_t kx = 0; kx < FW; ++kx) {
          if (j >= kx && (j - kx) % S == 0 && (j - kx) / S < P) {
            sum[(j - kx) / S] = hn::MulAdd(x, w[kx], sum[(j - kx) / S]);
          }
        }
      }
    }
#pragma GCC unroll 8
    for (std::size_t p = 0; p < P; ++p) {
      hn::StoreU(hn::Min(hn::Max(sum[p], low), high), d, y + p * y_step + c);
    }
  };
  ForEachBlock(channels, hn::Lanes(d), block);
}

// P pixels of any filter.
template <class D, std::size_t P>
void AnyTile(const RowTask& t, const float* const* table, float* y) {
  const D d;
  using V = hn::Vec<D>;
  const F32Depthwise& g = *t.g;
  const auto channels = static_cast<std::size_t>(g.v.channels);
  const auto filter_h = static_cast<std::size_t>(g.v.filter_h);
  const auto filter_w = static_cast<std::size_t>(g.v.filter_w);
  const auto stride = static_cast<std::size_t>(g.v.stride_w);
  const auto dilation = static_cast<std::size_t>(g.v.dilation_w);
  const V low = hn::Set(d, g.clamp.low), high = hn::Set(d, g.clamp.high);
  const auto block = [&](std::size_t c) HWY_ATTR {
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
  };
  ForEachBlock(channels, hn::Lanes(d), block);
}

using TileFunction = void (*)(const RowTask&, const float* const*, float*);

template <class D, std::size_t F, std::size_t S, std::size_t P = kPixels>
TileFunction WindowTileOf(std::size_t pixels) {
  if constexpr (P > 1) {
    if (pixels < P) return WindowTileOf<D, F, S, P - 1>(pixels);
  }
  return &WindowTile<D, F, F, S, P>;
}

template <class D, std::size_t P = kPixels>
TileFunction AnyTileOf(std::size_t pixels) {
  if constexpr (P > 1) {
    if (pixels < P) return AnyTileOf<D, P - 1>(pixels);
  }
  return &AnyTile<D, P>;
}

TileFunction TileOf(const Window& v, std::size_t pixels) {
  using Full = hn::ScalableTag<float>;
  const auto channels = static_cast<std::size_t>(v.channels);
  if (channels >= hn::Lanes(Full())) {
    const std::int32_t f = v.filter_h;
    if (v.filter_w == f && v.dilation_w == 1) {
      if (f == 3 && v.stride_w == 1) return WindowTileOf<Full, 3, 1>(pixels);
      if (f == 3 && v.stride_w == 2) return WindowTileOf<Full, 3, 2>(pixels);
      if (f == 5 && v.stride_w == 1) return WindowTileOf<Full, 5, 1>(pixels);
    }
    return AnyTileOf<Full>(pixels);
  }
  if (channels >= 8) return AnyTileOf<hn::CappedTag<float, 8>>(pixels);
  if (channels >= 4) return AnyTileOf<hn::CappedTag<float, 4>>(pixels);
  return AnyTileOf<hn::CappedTag<float, 1>>(pixels);
}

void DepthwiseRow(const F32Depthwise& g, const float* const* table, float* y,
                  std::size_t y_step) {
  const auto width = static_cast<std::size_t>(g.v.out_w);
  const auto stride = static_cast<std::size_t>(g.v.stride_w);
  const RowTask task = {&g, F32Depthwise::TableColumns(g.v), y_step};
  // As even as can be: 8 pixels are 4 and 4.
  const std::size_t tiles = (width + kPixels - 1) / kPixels;
  const std::size_t pixels = width / tiles, longer = width % tiles;
  const TileFunction plain = TileOf(g.v, pixels);
  const TileFunction tall = longer > 0 ? TileOf(g.v, pixels + 1) : plain;
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

HWY_EXPORT(DepthwiseRow);

void F32Depthwise::Row(const float* image, std::size_t oy, const float** table,
                       float* y, std::size_t y_step) const {
  const std::size_t columns = TableColumns(v);
  const auto channels = static_cast<std::size_t>(v.channels);
  const auto in_w = static_cast<std::size_t>(v.in_w);
  const std::size_t left =
      std::min(static_cast<std::size_t>(v.pad_left), columns);
  const std::size_t right = std::min(left + in_w, columns);
  const float** next = table;
  for (std::int32_t ky = 0; ky < v.filter_h; ++ky, next += columns) {
    const std::int32_t iy = static_cast<std::int32_t>(oy) * v.stride_h -
                            v.pad_top + ky * v.dilation_h;
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
  HWY_DYNAMIC_DISPATCH(DepthwiseRow)(*this, table, y, y_step);
}

}  // namespace sotto::runtime
#endif  // HWY_ONCE
