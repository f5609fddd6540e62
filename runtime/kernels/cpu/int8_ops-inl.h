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

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "hwy/highway.h"
#include "runtime/kernels/cpu/int8_channels.h"

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

// Vector `part` of 16 channels' sums, rescaled and with the zero point added,
// not yet clamped.
HWY_INLINE Int8Vec Rescale(Int8Vec sums, const Int8Channels& c,
                           std::size_t part) {
#if HWY_TARGET == HWY_SCALAR
  const std::uint64_t product =
      (part % 2 ? c.factor_odd : c.factor_even)[part / 2] *
      static_cast<std::uint32_t>(sums.raw);
  const std::int64_t sum = static_cast<std::int64_t>(product) +
                           (part % 2 ? c.addend_odd : c.addend_even)[part / 2];
  const auto high = static_cast<std::int32_t>(sum >> 32);
  return Int8Vec((high - (high < c.threshold[part])) >> c.shift[part]);
#else
  const Int8Tag d;
  const hn::Repartition<std::uint64_t, Int8Tag> d64;
  const hn::RebindToUnsigned<Int8Tag> du;
  const std::size_t at = part * kInt8Lanes / 2;
  const auto bits = [&](const void* p) HWY_ATTR {
    return hn::Load(d64, static_cast<const std::uint64_t*>(p));
  };
  const auto u = hn::BitCast(d64, sums);
  const auto even =
      hn::Add(hn::MulEven(hn::BitCast(du, u),
                          hn::BitCast(du, bits(c.factor_even + at))),
              bits(c.addend_even + at));
  const auto odd =
      hn::Add(hn::MulEven(hn::BitCast(du, hn::ShiftRight<32>(u)),
                          hn::BitCast(du, bits(c.factor_odd + at))),
              bits(c.addend_odd + at));
  const std::size_t lane = part * kInt8Lanes;
#if HWY_TARGET == HWY_AVX3_DL
  // The upper halves of even and odd lanes joined by one instruction.
  Int8Vec high{_mm512_castps_si512(_mm512_mask_movehdup_ps(
      _mm512_castsi512_ps(odd.raw), 0x5555, _mm512_castsi512_ps(even.raw)))};
  // The mask register takes the place of a subtraction of -1.
  high.raw = _mm512_mask_add_epi32(
      high.raw,
      _mm512_cmplt_epi32_mask(high.raw, _mm512_load_si512(c.threshold)),
      high.raw, _mm512_set1_epi32(-1));
#else
  Int8Vec high = hn::OddEven(hn::BitCast(d, odd),
                             hn::BitCast(d, hn::ShiftRight<32>(even)));
  high = hn::Add(
      high, hn::VecFromMask(d, hn::Lt(high, hn::Load(d, c.threshold + lane))));
#endif
  return hn::Shr(high, hn::Load(d, c.shift + lane));
#endif
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
