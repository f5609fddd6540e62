// The sums of products under the 8-bit matrix products, in registers: a tile of
// rows of u8 activations times panels of packed s8 weights (int8_gemm.h).
// Included inside each target's pass over a file.

#if defined(SOTTO_RUNTIME_KERNELS_CPU_INT8_TILE_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOTTO_RUNTIME_KERNELS_CPU_INT8_TILE_INL_H_
#undef SOTTO_RUNTIME_KERNELS_CPU_INT8_TILE_INL_H_
#else
#define SOTTO_RUNTIME_KERNELS_CPU_INT8_TILE_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "runtime/kernels/cpu/int8_ops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sotto::runtime {
namespace HWY_NAMESPACE {

// Sums of a tile, in registers: kRows x kPanels x 16.
#if HWY_TARGET == HWY_AVX3_DL
constexpr std::size_t kMaxRows = 14, kWideRows = 7;
#else
constexpr std::size_t kMaxRows = 5;
#endif

template <std::size_t kRows, std::size_t kPanels>
struct Sums {
  HWY_INLINE Sums() {}  // an implicit one would lack the target's attributes
  Int8Vec v[kRows][kPanels][kInt8Vectors];
};

// What one tile reads (int8_gemm.h).
struct TileIn {
  const std::uint8_t* rows;
  std::size_t step;
  const std::uint8_t* quads;  // of the first panel
  std::size_t panel_bytes;
  std::size_t segments, segment_quads;
  const std::uint32_t* offsets;  // of the segments; null: at 0
};

template <std::size_t kRows, std::size_t kPanels>
HWY_INLINE void Accumulate(const TileIn& in, Sums<kRows, kPanels>& sums) {
  const Int8Tag d;
  const std::size_t step = in.step;
  const std::uint8_t* HWY_RESTRICT w = in.quads;
  for (std::size_t s = 0; s < in.segments; ++s) {
    // Three rows a pointer: x86 adds once or twice a register.
    const std::uint8_t* HWY_RESTRICT a[(kRows + 2) / 3];
    a[0] = in.rows + (in.offsets == nullptr ? 0 : in.offsets[s]);
    SOTTO_INT8_UNROLL
    for (std::size_t i = 0; i < (kRows + 2) / 3 - 1; ++i) {
      a[i + 1] = a[i] + 3 * step;
    }
    for (std::size_t q = 0; q < in.segment_quads; ++q) {
      Int8Vec weights[kPanels][kInt8Vectors];
      SOTTO_INT8_UNROLL
      for (std::size_t p = 0; p < kPanels; ++p) {
        SOTTO_INT8_UNROLL
        for (std::size_t v = 0; v < kInt8Vectors; ++v) {
          weights[p][v] = hn::Load(
              d, reinterpret_cast<const std::int32_t*>(w + p * in.panel_bytes) +
                     v * kInt8Lanes);
        }
      }
      w += 4 * kInt8Panel;
      SOTTO_INT8_UNROLL
      for (std::size_t r = 0; r < kRows; ++r) {
        const Int8Vec x = Broadcast4(a[r / 3] + r % 3 * step);
        SOTTO_INT8_UNROLL
        for (std::size_t p = 0; p < kPanels; ++p) {
          SOTTO_INT8_UNROLL
          for (std::size_t v = 0; v < kInt8Vectors; ++v) {
            sums.v[r][p][v] = Dot4(sums.v[r][p][v], x, weights[p][v]);
          }
        }
      }
      SOTTO_INT8_UNROLL
      for (std::size_t i = 0; i < (kRows + 2) / 3; ++i) {
        a[i] += 4;
      }
    }
  }
}

// Of one row and one panel: four running sums, since one sum's next product
// waits four cycles for the last.
HWY_INLINE void AccumulateRow(const TileIn& in, Sums<1, 1>& sums) {
  const Int8Tag d;
  Int8Vec more[3][kInt8Vectors];
  SOTTO_INT8_UNROLL
  for (std::size_t v = 0; v < kInt8Vectors; ++v) {
    more[0][v] = more[1][v] = more[2][v] = hn::Zero(d);
  }
  const std::uint8_t* HWY_RESTRICT w = in.quads;
  const auto weights = [&](std::size_t q, std::size_t v) HWY_ATTR {
    return hn::Load(d, reinterpret_cast<const std::int32_t*>(w) +
                           q * kInt8Panel + v * kInt8Lanes);
  };
  for (std::size_t s = 0; s < in.segments; ++s) {
    const std::uint8_t* HWY_RESTRICT a =
        in.rows + (in.offsets == nullptr ? 0 : in.offsets[s]);
    std::size_t q = 0;
    for (; q + 4 <= in.segment_quads; q += 4, w += 16 * kInt8Panel) {
      SOTTO_INT8_UNROLL
      for (std::size_t v = 0; v < kInt8Vectors; ++v) {
        Int8Vec& first = sums.v[0][0][v];
        first = Dot4(first, Broadcast4(a + 4 * q), weights(0, v));
        SOTTO_INT8_UNROLL
        for (std::size_t i = 0; i < 3; ++i) {
          more[i][v] = Dot4(more[i][v], Broadcast4(a + 4 * (q + i + 1)),
                            weights(i + 1, v));
        }
      }
    }
    for (; q < in.segment_quads; ++q, w += 4 * kInt8Panel) {
      SOTTO_INT8_UNROLL
      for (std::size_t v = 0; v < kInt8Vectors; ++v) {
        Int8Vec& first = sums.v[0][0][v];
        first = Dot4(first, Broadcast4(a + 4 * q), weights(0, v));
      }
    }
  }
  SOTTO_INT8_UNROLL
  for (std::size_t v = 0; v < kInt8Vectors; ++v) {
    Int8Vec& first = sums.v[0][0][v];
    first =
        hn::Add(hn::Add(first, more[0][v]), hn::Add(more[1][v], more[2][v]));
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
