#include "runtime/kernels/cpu/hybrid_gemm.h"

#include "runtime/kernels/cpu/int8_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/cpu/hybrid_gemm.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "hwy/highway.h"
#include "runtime/kernels/cpu/int8_ops-inl.h"
#include "runtime/kernels/cpu/int8_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sotto::runtime {
namespace HWY_NAMESPACE {

using FloatTag = hn::Rebind<float, Int8Tag>;
using FloatVec = hn::Vec<FloatTag>;

struct HybridOut {
  const RowQuantization* rows;
  std::size_t row_step;
  float* y;
  std::size_t step;
  std::size_t channels;  // left from the first panel on
  ClampRange clamp;
};

HWY_INLINE const HybridChannels& ChannelsOf(const TileIn& in, std::size_t p) {
  return *reinterpret_cast<const HybridChannels*>(
      in.quads + p * in.panel_bytes - sizeof(HybridChannels));
}

// The first `count` floats of a vector.
HWY_INLINE void StoreFloats(FloatVec values, std::size_t count, float* to) {
  const FloatTag d;
  if (count >= kInt8Lanes) {
    hn::StoreU(values, d, to);
    return;
  }
#if HWY_TARGET == HWY_AVX3_DL
  _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1u << count) - 1u),
                        values.raw);
#else
  alignas(64) float lanes[kInt8Lanes];
  hn::Store(values, d, lanes);
  std::memcpy(to, lanes, count * sizeof(float));
#endif
}

template <std::size_t kRows, std::size_t kPanels>
HWY_INLINE void StoreHybrid(const TileIn& in, const HybridOut& out,
                            const Sums<kRows, kPanels>& sums) {
  const FloatTag d;
  // The value comes second: what x86 returns where it is NaN.
  const FloatVec low = hn::Set(d, out.clamp.low);
  const FloatVec high = hn::Set(d, out.clamp.high);
  SOTTO_INT8_UNROLL
  for (std::size_t p = 0; p < kPanels; ++p) {
    const HybridChannels& c = ChannelsOf(in, p);
    SOTTO_INT8_UNROLL
    for (std::size_t v = 0; v < kInt8Vectors; ++v) {
      const std::size_t lane = v * kInt8Lanes, first = p * kInt8Panel + lane;
      if (first >= out.channels) return;
      const FloatVec scale = hn::Load(d, c.scale + lane);
      const FloatVec bias = hn::Load(d, c.bias + lane);
      SOTTO_INT8_UNROLL
      for (std::size_t r = 0; r < kRows; ++r) {
        const FloatVec x_scale = hn::Set(d, out.rows[r * out.row_step].scale);
        const FloatVec sum = hn::ConvertTo(d, sums.v[r][p][v]);
        FloatVec y = hn::MulAdd(hn::Mul(sum, scale), x_scale, bias);
        y = hn::Min(high, hn::Max(low, y));
        StoreFloats(y, out.channels - first, out.y + r * out.step + first);
      }
    }
  }
}

template <std::size_t kRows, std::size_t kPanels>
HWY_INLINE void StartHybrid(const TileIn& in, const HybridOut& out,
                            Sums<kRows, kPanels>& sums) {
  const Int8Tag d;
  SOTTO_INT8_UNROLL
  for (std::size_t p = 0; p < kPanels; ++p) {
    const HybridChannels& c = ChannelsOf(in, p);
    SOTTO_INT8_UNROLL
    for (std::size_t v = 0; v < kInt8Vectors; ++v) {
      const Int8Vec weight_sum = hn::Load(d, c.weight_sum + v * kInt8Lanes);
      SOTTO_INT8_UNROLL
      for (std::size_t r = 0; r < kRows; ++r) {
        const std::int32_t zero = out.rows[r * out.row_step].zero;
        sums.v[r][p][v] = hn::Mul(weight_sum, hn::Set(d, -128 - zero));
      }
    }
  }
}

template <std::size_t kRows, std::size_t kPanels>
HWY_NOINLINE void HybridTile(const TileIn& in, const HybridOut& out) {
  Sums<kRows, kPanels> sums;
  StartHybrid(in, out, sums);
  Accumulate(in, sums);
  StoreHybrid(in, out, sums);
}

// One row and `panels` panels, one after the other: a single stream from the
// second-level cache, which sets the pace. Ten products of 284 KB of weights
// take 3.22 us, with four panels at a time 3.36; loading them takes 2.48.
HWY_NOINLINE void HybridRow(const TileIn& first, const HybridOut& first_out,
                            std::size_t panels) {
  TileIn in = first;
  HybridOut out = first_out;
  in.segments = 1;
  in.offsets = nullptr;
  for (; panels > 0; --panels) {
    Sums<1, 1> sums;
    StartHybrid(in, out, sums);
    AccumulateRow(in, sums);
    StoreHybrid(in, out, sums);
    in.quads += in.panel_bytes;
    out.y += kInt8Panel;
    out.channels -= std::min(kInt8Panel, out.channels);
  }
}

using TileFunction = void (*)(const TileIn&, const HybridOut&);
template <std::size_t kPanels, std::size_t... kIndex>
constexpr auto TilesOf(std::index_sequence<kIndex...>) {
  return std::array<TileFunction, sizeof...(kIndex)>{
      &HybridTile<kIndex + 1, kPanels>...};
}
#if HWY_TARGET == HWY_AVX3_DL
constexpr std::size_t kPanels = 2;
#else
constexpr std::size_t kPanels = 1;
#endif
constexpr auto kTiles = TilesOf<kPanels>(std::make_index_sequence<kMaxRows>());

void HybridGemmImpl(const HybridGemm& g, std::size_t first, std::size_t last) {
  const std::size_t panel_bytes = g.shape.panel_bytes();
  // As many rows in every tile of a line as can be.
  const std::size_t tiles = (g.pixels + kMaxRows - 1) / kMaxRows;
  const std::size_t rows = g.pixels / std::max<std::size_t>(tiles, 1);
  const std::size_t longer = g.pixels - tiles * rows;  // with one row more
  for (std::size_t p = first; p < last;) {
    const std::size_t column = p * kInt8Panel;
    if (column >= g.shape.channels) return;
    TileIn in = {.rows = nullptr,
                 .step = g.in_step,
                 .quads = g.panels + p * panel_bytes + sizeof(HybridChannels),
                 .panel_bytes = panel_bytes,
                 .segments = g.shape.segments,
                 .segment_quads = g.shape.segment_quads,
                 .offsets = g.segment_offsets};
    HybridOut out = {.rows = g.rows,
                     .row_step = g.row_step,
                     .y = nullptr,
                     .step = g.out_step,
                     .channels = g.shape.channels - column,
                     .clamp = g.clamp};
    if (g.lines * g.pixels == 1 && g.shape.segments == 1 &&
        g.segment_offsets == nullptr) {
      in.rows = g.in;
      out.y = g.out + column;
      HybridRow(
          in, out,
          std::min(last, (g.shape.channels + kInt8Panel - 1) / kInt8Panel) - p);
      return;
    }
    for (std::size_t line = 0; line < g.lines; ++line) {
      in.rows = g.in + line * g.in_line_step;
      out.y = g.out + line * g.out_line_step + column;
      for (std::size_t tile = 0; tile < tiles; ++tile) {
        const std::size_t count = rows + (tile < longer);
        kTiles[count - 1](in, out);
        in.rows += count * g.in_step;
        out.y += count * g.out_step;
        out.rows += count * g.row_step;
      }
    }
    p += kPanels;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sotto::runtime {

HWY_EXPORT(HybridGemmImpl);

void RunHybridGemm(const HybridGemm& gemm, std::size_t first,
                   std::size_t last) {
  HWY_DYNAMIC_DISPATCH(HybridGemmImpl)(gemm, first, last);
}

}  // namespace sotto::runtime
#endif  // HWY_ONCE
