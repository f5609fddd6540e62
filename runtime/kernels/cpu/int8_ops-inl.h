// Vectors of the 8-bit kernels, per instruction set: the product of four bytes
// with four bytes added to a 32-bit lane, and sums made into stored values.
// Included inside each target's pass over a file.

#if defined(SOTTO_RUNTIME_KERNELS_CPU_INT8_OPS_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOTTO_RUNTIME_KERNELS_CPU_INT8_OPS_INL_H_
#undef SOTTO_RUNTIME_KERNELS_CPU_INT8_OPS_INL_H_
#else
#define SOTTO_RUNTIME_KERNELS_CPU_INT8_OPS_INL_H_
#endif

#undef SOTTO_INT8_PIN

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "hwy/highway.h"
#include "runtime/kernels/cpu/int8_channels.h"
#include "runtime/kernels/cpu/int8_targets.h"

// Highway 1.0.3 detects AVX512-VNNI for this target but compiles for AVX-VNNI,
// another extension.
#if HWY_TARGET == HWY_AVX3_DL
#undef HWY_TARGET_STR
#define HWY_TARGET_STR                                           \
  HWY_TARGET_STR_AVX3                                            \
  ",vpclmulqdq,avx512vbmi,avx512vbmi2,vaes,avxvnni,avx512bitalg" \
  ",avx512vpopcntdq,avx512vnni"
#endif

HWY_BEFORE_NAMESPACE();
namespace sotto::runtime {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Int8Tag = hn::CappedTag<std::int32_t, 16>;
using Int8Vec = hn::Vec<Int8Tag>;
constexpr std::size_t kInt8Lanes = hn::MaxLanes(Int8Tag());
// Vectors that hold the 16 sums of a panel.
constexpr std::size_t kInt8Vectors = kInt8Panel / kInt8Lanes;

// acc + sum over the four bytes of each lane of u8(a) * s8(w).
HWY_INLINE Int8Vec Dot4(Int8Vec acc, Int8Vec a, Int8Vec w) {
#if HWY_TARGET == HWY_AVX3_DL
  acc.raw = _mm512_dpbusd_epi32(acc.raw, a.raw, w.raw);
#if !defined(__clang__)
  // GCC 12 otherwise keeps a loop's accumulators in memory as well: 71 moves
  // around the 28 products of a 14 x 2 tile instead of 2.
  __asm__("" : "+v"(acc.raw));
#endif
  return acc;
#elif HWY_TARGET == HWY_AVX2
  // vpmaddubsw would saturate: two 16-bit products a lane instead.
  const __m256i bytes = _mm256_set1_epi16(0xFF);
  const __m256i even =
      _mm256_madd_epi16(_mm256_and_si256(a.raw, bytes),
                        _mm256_srai_epi16(_mm256_slli_epi16(w.raw, 8), 8));
  const __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(a.raw, 8),
                                        _mm256_srai_epi16(w.raw, 8));
  return Int8Vec{_mm256_add_epi32(acc.raw, _mm256_add_epi32(even, odd))};
#elif HWY_TARGET == HWY_NEON && HWY_ARCH_ARM_A64
  // A product of u8 and s8 fits 16 bits.
  const uint8x16_t x = vreinterpretq_u8_s32(a.raw);
  const int8x16_t y = vreinterpretq_s8_s32(w.raw);
  const int16x8_t low =
      vmulq_s16(vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(x))),
                vmovl_s8(vget_low_s8(y)));
  const int16x8_t high =
      vmulq_s16(vreinterpretq_s16_u16(vmovl_high_u8(x)), vmovl_high_s8(y));
  return Int8Vec{
      vaddq_s32(acc.raw, vpaddq_s32(vpaddlq_s16(low), vpaddlq_s16(high)))};
#else
  const Int8Tag d;
  const auto bytes = hn::Set(d, 0xFF);
  acc = hn::Add(acc, hn::Mul(hn::And(a, bytes),
                             hn::ShiftRight<24>(hn::ShiftLeft<24>(w))));
  acc = hn::Add(acc, hn::Mul(hn::And(hn::ShiftRight<8>(a), bytes),
                             hn::ShiftRight<24>(hn::ShiftLeft<16>(w))));
  acc = hn::Add(acc, hn::Mul(hn::And(hn::ShiftRight<16>(a), bytes),
                             hn::ShiftRight<24>(hn::ShiftLeft<8>(w))));
  return hn::Add(acc, hn::Mul(hn::And(hn::ShiftRight<24>(a), bytes),
                              hn::ShiftRight<24>(w)));
#endif
}

// The same four bytes in every lane.
HWY_INLINE Int8Vec Broadcast4(const std::uint8_t* bytes) {
  std::int32_t word;
  std::memcpy(&word, bytes, sizeof(word));
  return hn::Set(Int8Tag(), word);
}

#if HWY_TARGET == HWY_AVX3_DL && !defined(__clang__)
// Keeps a loaded vector in its register: GCC 12 would rather read memory again
// for each of its uses.
#define SOTTO_INT8_PIN(vector) __asm__("" : "+v"(vector.raw))
#else
#define SOTTO_INT8_PIN(vector)
#endif

// Vector `part` of 16 channels' sums, kRows of them, rescaled and with the zero
// point added, not yet clamped. Sums of channel c of row r are at sums[r][v].
template <std::size_t kRows, std::size_t kVectors>
HWY_INLINE void RescaleRows(Int8Vec (&sums)[kRows][kVectors], std::size_t v,
                            const Int8Channels& c, std::size_t part) {
#if HWY_TARGET == HWY_SCALAR
  SOTTO_INT8_UNROLL
  for (std::size_t r = 0; r < kRows; ++r) {
    const std::size_t at = part / 2;
    const std::uint64_t factor =
        part % 2 == 1 ? c.factor_odd[at] : c.factor_even[at];
    const std::int64_t addend =
        part % 2 == 1 ? c.addend_odd[at] : c.addend_even[at];
    const std::int64_t sum =
        static_cast<std::int64_t>(factor *
                                  static_cast<std::uint32_t>(sums[r][v].raw)) +
        addend;
    const auto high = static_cast<std::int32_t>(sum >> 32);
    sums[r][v] = Int8Vec((high - (high < c.threshold[part])) >> c.shift[part]);
  }
#else
  const Int8Tag d;
  const hn::Repartition<std::uint64_t, Int8Tag> d64;
  const hn::RebindToUnsigned<Int8Tag> du;
  const std::size_t at = part * kInt8Lanes / 2, lane = part * kInt8Lanes;
  const auto bits = [&](const void* p) HWY_ATTR {
    return hn::Load(d64, static_cast<const std::uint64_t*>(p));
  };
  auto factor_even = bits(c.factor_even + at);
  auto factor_odd = bits(c.factor_odd + at);
  auto addend_even = bits(c.addend_even + at);
  auto addend_odd = bits(c.addend_odd + at);
  auto threshold = hn::Load(d, c.threshold + lane);
  auto shift = hn::Load(d, c.shift + lane);
  if constexpr (kRows > 1) {
    SOTTO_INT8_PIN(factor_even);
    SOTTO_INT8_PIN(factor_odd);
    SOTTO_INT8_PIN(addend_even);
    SOTTO_INT8_PIN(addend_odd);
    SOTTO_INT8_PIN(threshold);
    SOTTO_INT8_PIN(shift);
  }
  SOTTO_INT8_UNROLL
  for (std::size_t r = 0; r < kRows; ++r) {
    const auto u = hn::BitCast(d64, sums[r][v]);
    const auto even =
        hn::Add(hn::MulEven(hn::BitCast(du, u), hn::BitCast(du, factor_even)),
                addend_even);
    const auto odd = hn::Add(hn::MulEven(hn::BitCast(du, hn::ShiftRight<32>(u)),
                                         hn::BitCast(du, factor_odd)),
                             addend_odd);
#if HWY_TARGET == HWY_AVX3_DL
    // The upper halves of even and odd lanes joined by one instruction.
    Int8Vec high{_mm512_castps_si512(_mm512_mask_movehdup_ps(
        _mm512_castsi512_ps(odd.raw), 0x5555, _mm512_castsi512_ps(even.raw)))};
    // The mask register takes the place of a subtraction of -1.
    high.raw = _mm512_mask_add_epi32(
        high.raw, _mm512_cmplt_epi32_mask(high.raw, threshold.raw), high.raw,
        _mm512_set1_epi32(-1));
#else
    Int8Vec high = hn::OddEven(hn::BitCast(d, odd),
                               hn::BitCast(d, hn::ShiftRight<32>(even)));
    high = hn::Add(high, hn::VecFromMask(d, hn::Lt(high, threshold)));
#endif
    sums[r][v] = hn::Shr(high, shift);
  }
#endif
}

HWY_INLINE Int8Vec Rescale(Int8Vec sums, const Int8Channels& c,
                           std::size_t part) {
  Int8Vec one[1][1] = {{sums}};
  RescaleRows(one, 0, c, part);
  return one[0][0];
}

// How results are stored: clamped as s8, then xored (0x80 makes u8 of them).
struct Int8Store {
  std::int8_t low = -128, high = 127;
  std::uint8_t flip = 0;
};

#if HWY_TARGET == HWY_AVX3_DL
HWY_INLINE __m128i Finish16(__m128i bytes, const Int8Store& s) {
  bytes = _mm_max_epi8(bytes, _mm_set1_epi8(s.low));
  bytes = _mm_min_epi8(bytes, _mm_set1_epi8(s.high));
  return _mm_xor_si128(bytes, _mm_set1_epi8(static_cast<char>(s.flip)));
}
#endif

// Writes the first `count` <= 16 results of a panel, rescaled values, to `out`.
HWY_INLINE void Store16(const Int8Vec (&results)[kInt8Vectors],
                        const Int8Store& s, std::size_t count,
                        std::uint8_t* HWY_RESTRICT out) {
#if HWY_TARGET == HWY_AVX3_DL
  const __m128i bytes = Finish16(_mm512_cvtsepi32_epi8(results[0].raw), s);
  if (count == kInt8Panel) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
  } else {
    _mm_mask_storeu_epi8(out, static_cast<__mmask16>((1u << count) - 1u),
                         bytes);
  }
#else
  const hn::Rebind<std::int8_t, Int8Tag> d8;
  alignas(16) std::int8_t bytes[kInt8Panel];
  for (std::size_t v = 0; v < kInt8Vectors; ++v) {
    const auto narrow = hn::Clamp(hn::DemoteTo(d8, results[v]),
                                  hn::Set(d8, s.low), hn::Set(d8, s.high));
    hn::StoreU(hn::Xor(narrow, hn::Set(d8, static_cast<std::int8_t>(s.flip))),
               d8, bytes + v * kInt8Lanes);
  }
  std::memcpy(out, bytes, count);
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
