#include "runtime/kernels/cpu/int8_gemm.h"

#include "runtime/kernels/cpu/int8_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/cpu/int8_gemm.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "hwy/highway.h"
#include "runtime/kernels/cpu/int8_ops-inl.h"
#include "runtime/kernels/cpu/int8_sdot-inl.h"
#include "runtime/kernels/cpu/int8_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sotto::runtime {
namespace HWY_NAMESPACE {

struct TileOut {
  std::uint8_t* rows;
  std::size_t step;
  std::size_t channels;  // left from the first panel on
  const std::int32_t* row_sums;
  Int8Store store;
};

#if HWY_TARGET == HWY_AVX3_DL
// Two rows of two panels: 32 bytes each.
HWY_INLINE void Store2x32(Int8Vec a0, Int8Vec a1, Int8Vec b0, Int8Vec b1,
                          const Int8Store& s, std::uint8_t* a,
                          std::uint8_t* b) {
  __m512i bytes = _mm512_packs_epi16(_mm512_packs_epi32(a0.raw, a1.raw),
                                     _mm512_packs_epi32(b0.raw, b1.raw));
  bytes = _mm512_max_epi8(bytes, _mm512_set1_epi8(s.low));
  bytes = _mm512_min_epi8(bytes, _mm512_set1_epi8(s.high));
  bytes = _mm512_xor_si512(bytes, _mm512_set1_epi8(static_cast<char>(s.flip)));
  // Each 128 bits hold four channels of a0, a1, b0, b1.
  bytes = _mm512_permutexvar_epi32(
      _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15),
      bytes);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(a),
                      _mm512_castsi512_si256(bytes));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(b),
                      _mm512_extracti64x4_epi64(bytes, 1));
}
#endif

template <std::size_t kRows, std::size_t kPanels>
HWY_INLINE void StoreTile(const TileIn& in, const TileOut& out,
                          Sums<kRows, kPanels>& sums) {
  const auto channels = [&](std::size_t p) HWY_ATTR -> const Int8Channels& {
    return *reinterpret_cast<const Int8Channels*>(
        in.quads + p * in.panel_bytes - sizeof(Int8Channels));
  };
#if HWY_TARGET == HWY_AVX3_DL
  if constexpr (kPanels % 2 == 0) {
    if (out.channels >= kPanels * kInt8Panel) {
      SOTTO_INT8_UNROLL
      for (std::size_t p = 0; p < kPanels / 2; ++p) {
        const Int8Channels &c0 = channels(2 * p), &c1 = channels(2 * p + 1);
        std::uint8_t* to = out.rows + 2 * p * kInt8Panel;
        SOTTO_INT8_UNROLL
        for (std::size_t r2 = 0; r2 < (kRows + 1) / 2; ++r2) {
          const std::size_t r = 2 * r2, t = r + 1 < kRows ? r + 1 : r;
          const Int8Vec a0 = Rescale(sums.v[r][2 * p][0], c0, 0);
          const Int8Vec a1 = Rescale(sums.v[r][2 * p + 1][0], c1, 0);
          const Int8Vec b0 = t == r ? a0 : Rescale(sums.v[t][2 * p][0], c0, 0);
          const Int8Vec b1 =
              t == r ? a1 : Rescale(sums.v[t][2 * p + 1][0], c1, 0);
          Store2x32(a0, a1, b0, b1, out.store, to + r * out.step,
                    to + t * out.step);
        }
      }
      return;
    }
  }
#endif
  SOTTO_INT8_UNROLL
  for (std::size_t p = 0; p < kPanels; ++p) {
    const std::size_t count =
        std::min(kInt8Panel, out.channels - p * kInt8Panel);
    SOTTO_INT8_UNROLL
    for (std::size_t r = 0; r < kRows; ++r) {
      Int8Vec results[kInt8Vectors];
      SOTTO_INT8_UNROLL
      for (std::size_t v = 0; v < kInt8Vectors; ++v) {
        results[v] = Rescale(sums.v[r][p][v], channels(p), v);
      }
      Store16(results, out.store, count,
              out.rows + r * out.step + p * kInt8Panel);
    }
  }
}

template <std::size_t kRows, std::size_t kPanels>
HWY_INLINE void StartTile(const TileIn& in, const TileOut& out,
                          Sums<kRows, kPanels>& sums) {
  const Int8Tag d;
  SOTTO_INT8_UNROLL
  for (std::size_t p = 0; p < kPanels; ++p) {
    const auto* start = reinterpret_cast<const Int8Channels*>(
        in.quads + p * in.panel_bytes - sizeof(Int8Channels));
    SOTTO_INT8_UNROLL
    for (std::size_t v = 0; v < kInt8Vectors; ++v) {
      const Int8Vec first = hn::Load(d, start->start + v * kInt8Lanes);
      SOTTO_INT8_UNROLL
      for (std::size_t r = 0; r < kRows; ++r) {
        sums.v[r][p][v] = first;
      }
    }
  }
  if (out.row_sums != nullptr) {
    SOTTO_INT8_UNROLL
    for (std::size_t r = 0; r < kRows; ++r) {
      const Int8Vec extra = hn::Set(d, out.row_sums[r]);
      SOTTO_INT8_UNROLL
      for (std::size_t p = 0; p < kPanels; ++p) {
        SOTTO_INT8_UNROLL
        for (std::size_t v = 0; v < kInt8Vectors; ++v) {
          sums.v[r][p][v] = hn::Add(sums.v[r][p][v], extra);
        }
      }
    }
  }
}

template <std::size_t kRows, std::size_t kPanels>
HWY_NOINLINE void Tile(const TileIn& in, const TileOut& out) {
  Sums<kRows, kPanels> sums;
  StartTile(in, out, sums);
  if constexpr (kRows == 1 && kPanels == 1) {
    AccumulateRow(in, sums);
  } else {
    Accumulate(in, sums);
  }
  StoreTile(in, out, sums);
}

#if HWY_TARGET == HWY_AVX3_DL
// One row and `panels` panels, one after the other: a single stream from the
// second-level cache, which sets the pace. Ten products of 277 KB of weights
// take 3.11 us, with four panels at a time 3.17.
HWY_NOINLINE void RowTiles(const TileIn& first, const TileOut& first_out,
                           std::size_t panels) {
  TileIn in = first;
  TileOut out = first_out;
  for (; panels > 0; --panels) {
    Sums<1, 1> sums;
    StartTile(in, out, sums);
    AccumulateRow(in, sums);
    StoreTile(in, out, sums);
    in.quads += in.panel_bytes;
    out.rows += kInt8Panel;
    out.channels -= std::min(kInt8Panel, out.channels);
  }
}
#endif

using TileFunction = void (*)(const TileIn&, const TileOut&);
template <std::size_t kPanels, std::size_t... kIndex>
constexpr auto TilesOf(std::index_sequence<kIndex...>) {
  return std::array<TileFunction, sizeof...(kIndex)>{
      &Tile<kIndex + 1, kPanels>...};
}
constexpr auto kNarrow = TilesOf<1>(std::make_index_sequence<kMaxRows>());
#if HWY_TARGET == HWY_AVX3_DL
constexpr auto kPairs = TilesOf<2>(std::make_index_sequence<kMaxRows>());
constexpr auto kWide = TilesOf<4>(std::make_index_sequence<kWideRows>());
#elif HWY_TARGET == HWY_NEON && HWY_ARCH_ARM_A64
template <std::size_t kRows>
SOTTO_SDOT HWY_NOINLINE void SignedTile(const TileIn& in, const TileOut& out) {
  Sums<kRows, 1> sums;
  StartTile(in, out, sums);
  AccumulateSigned(in, sums);
  StoreTile(in, out, sums);
}
constexpr TileFunction kSigned[] = {SignedTile<1>, SignedTile<2>, SignedTile<3>,
                                    SignedTile<4>, SignedTile<5>};
static_assert(std::size(kSigned) == kMaxRows);
#endif

void GemmImpl(const Int8Gemm& g) {
  const std::size_t panel_bytes = g.shape.panel_bytes();
  // As many rows in every tile of a line as can be.
  const std::size_t tiles = (g.pixels + kMaxRows - 1) / kMaxRows;
  const std::size_t rows = g.pixels / std::max<std::size_t>(tiles, 1);
  const std::size_t longer = g.pixels - tiles * rows;  // with one row more
  const std::size_t panels = g.shape.panels();
  for (std::size_t p = 0; p < panels;) {
    std::size_t wide = 1;
#if HWY_TARGET == HWY_AVX3_DL
    if (p + 2 <= panels) wide = 2;
    if (p + 4 <= panels && rows + (longer > 0) <= kWideRows) wide = 4;
    const TileFunction* const table = wide == 1   ? kNarrow.data()
                                      : wide == 2 ? kPairs.data()
                                                  : kWide.data();
#elif HWY_TARGET == HWY_NEON && HWY_ARCH_ARM_A64
    const TileFunction* const table = HasSdot() ? kSigned : kNarrow.data();
#else
    const TileFunction* const table = kNarrow.data();
#endif
    TileIn in = {.rows = nullptr,
                 .step = g.in_step,
                 .quads = g.panels + p * panel_bytes + sizeof(Int8Channels),
                 .panel_bytes = panel_bytes,
                 .segments = g.shape.segments,
                 .segment_quads = g.shape.segment_quads,
                 .offsets = g.segment_offsets};
    TileOut out = {.rows = nullptr,
                   .step = g.out_step,
                   .channels = g.shape.channels - p * kInt8Panel,
                   .row_sums = g.row_sums,
                   .store = {g.low, g.high, g.flip}};
#if HWY_TARGET == HWY_AVX3_DL
    if (g.lines * g.pixels == 1) {
      in.rows = g.in;
      out.rows = g.out;
      RowTiles(in, out, panels);
      return;
    }
#endif
    for (std::size_t line = 0; line < g.lines; ++line) {
      in.rows = g.in + line * g.in_line_step;
      out.rows = g.out + line * g.out_line_step + p * kInt8Panel;
      for (std::size_t tile = 0; tile < tiles; ++tile) {
        const std::size_t count = rows + (tile < longer);
        table[count - 1](in, out);
        in.rows += count * g.in_step;
        out.rows += count * g.out_step;
        if (out.row_sums != nullptr) out.row_sums += count;
      }
    }
    p += wide;
  }
}

// Sum of `size` bytes in a row.
HWY_INLINE std::int32_t SumBytes(const std::uint8_t* bytes, std::size_t size) {
  std::size_t i = 0;
  std::int32_t sum = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::Repartition<std::uint8_t, Int8Tag> d8;
  const hn::Repartition<std::uint64_t, Int8Tag> d64;
  constexpr std::size_t kBytes = 4 * kInt8Lanes;
  auto eighths = hn::Zero(d64);
  for (; i + kBytes <= size; i += kBytes) {
    eighths = hn::Add(eighths, hn::SumsOf8(hn::LoadU(d8, bytes + i)));
  }
  if (i > 0) {
    sum = static_cast<std::int32_t>(hn::GetLane(hn::SumOfLanes(d64, eighths)));
  }
#endif
  for (; i < size; ++i) sum += bytes[i];
  return sum;
}

template <std::size_t kRows>
HWY_NOINLINE void SumTile(const TileIn& in, std::int32_t factor,
                          std::int32_t* row_sums) {
  const Int8Tag d;
  Sums<kRows, 1> sums;
  SOTTO_INT8_UNROLL
  for (std::size_t r = 0; r < kRows; ++r) {
    SOTTO_INT8_UNROLL
    for (std::size_t v = 0; v < kInt8Vectors; ++v) {
      sums.v[r][0][v] = hn::Zero(d);
    }
  }
  Accumulate(in, sums);
  SOTTO_INT8_UNROLL
  for (std::size_t r = 0; r < kRows; ++r) {
    row_sums[r] = factor * hn::GetLane(sums.v[r][0][0]);
  }
}

#if HWY_TARGET == HWY_AVX3_DL
// Rows of 8, 16 or 32 bytes, one after another in memory: one instruction sums
// eight times eight bytes. As many rows as whole vectors hold; their number.
HWY_INLINE std::size_t SumNeighbours(const std::uint8_t* HWY_RESTRICT in,
                                     std::size_t size, std::size_t rows,
                                     std::int32_t factor,
                                     std::int32_t* HWY_RESTRICT row_sums) {
  const std::size_t step = 64 / size;
  const auto kept = static_cast<__mmask8>(size == 8    ? 0xFF
                                          : size == 16 ? 0x55
                                                       : 0x11);
  const auto stored = static_cast<__mmask8>((1u << step) - 1u);
  std::size_t row = 0;
  for (; row + step <= rows; row += step, in += 64) {
    __m512i sums =
        _mm512_sad_epu8(_mm512_loadu_si512(in), _mm512_setzero_si512());
    if (size >= 16) {
      sums = _mm512_add_epi64(sums, _mm512_bsrli_epi128(sums, 8));
    }
    if (size == 32) {
      sums = _mm512_add_epi64(sums, _mm512_shuffle_i64x2(sums, sums, 0xB1));
    }
    const __m256i narrow =
        _mm512_cvtepi64_epi32(_mm512_maskz_compress_epi64(kept, sums));
    _mm256_mask_storeu_epi32(
        row_sums + row, stored,
        _mm256_mullo_epi32(narrow, _mm256_set1_epi32(factor)));
  }
  return row;
}

// A row whose segments have at most 16 bytes.
HWY_INLINE std::int32_t SumShort(const std::uint8_t* HWY_RESTRICT in,
                                 const std::uint32_t* HWY_RESTRICT offsets,
                                 std::size_t segments, std::size_t size) {
  const auto mask = static_cast<__mmask16>((1u << size) - 1u);
  __m128i sums = _mm_setzero_si128();
  for (std::size_t s = 0; s < segments; ++s) {
    const std::uint8_t* from = in + (offsets == nullptr ? 0 : offsets[s]);
    sums = _mm_add_epi64(sums, _mm_sad_epu8(_mm_maskz_loadu_epi8(mask, from),
                                            _mm_setzero_si128()));
  }
  return _mm_cvtsi128_si32(sums) + _mm_extract_epi32(sums, 2);
}
#endif

void RowSumsImpl(const Int8Gemm& g, const std::uint8_t* ones,
                 std::size_t segment_size, std::int32_t factor,
                 std::int32_t* row_sums) {
  // Long rows in one stretch: no need to multiply by ones. 512 bytes take 8
  // steps instead of 128; below 64 the tail would take most of the time.
  const bool whole = g.shape.segments == 1 && segment_size >= 64;
  for (std::size_t line = 0; line < g.lines; ++line) {
    TileIn in = {.rows = g.in + line * g.in_line_step,
                 .step = g.in_step,
                 .quads = ones,
                 .panel_bytes = 0,
                 .segments = g.shape.segments,
                 .segment_quads = g.shape.segment_quads,
                 .offsets = g.segment_offsets};
    std::size_t pixel = 0;
#if HWY_TARGET == HWY_AVX3_DL
    // A narrow uint8 MobileNet, whose rows are mostly as short as this, took
    // 172 us in place of 183.
    if (g.shape.segments == 1 && g.in_step == segment_size &&
        (segment_size == 8 || segment_size == 16 || segment_size == 32)) {
      pixel = SumNeighbours(in.rows, segment_size, g.pixels, factor, row_sums);
      row_sums += pixel;
      in.rows += pixel * g.in_step;
    }
    if (segment_size <= 16) {
      for (; pixel < g.pixels; ++pixel, in.rows += g.in_step) {
        *row_sums++ = factor * SumShort(in.rows, g.segment_offsets,
                                        g.shape.segments, segment_size);
      }
    }
#endif
    while (pixel < g.pixels) {
      if (whole) {
        *row_sums++ = factor * SumBytes(in.rows, segment_size);
        in.rows += g.in_step;
        ++pixel;
        continue;
      }
      const bool many = pixel + kMaxRows <= g.pixels;
      const std::size_t count = many ? kMaxRows : 1;
      (many ? SumTile<kMaxRows> : SumTile<1>)(in, factor, row_sums);
      row_sums += count;
      in.rows += count * g.in_step;
      pixel += count;
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sotto::runtime {

HWY_EXPORT(GemmImpl);
HWY_EXPORT(RowSumsImpl);

void RunInt8Gemm(const Int8Gemm& gemm) { HWY_DYNAMIC_DISPATCH(GemmImpl)(gemm); }

void SumInt8Rows(const Int8Gemm& gemm, const std::uint8_t* ones,
                 std::size_t segment_size, std::int32_t factor,
                 std::int32_t* sums) {
  HWY_DYNAMIC_DISPATCH(RowSumsImpl)(gemm, ones, segment_size, factor, sums);
}

}  // namespace sotto::runtime
#endif  // HWY_ONCE
