// Sums of products by sdot, Arm's product of four signed bytes with four added
// to a 32-bit lane. Highway 1.0.3 has no target for it, so it is written out,
// and whoever calls this asks HasSdot first.
//
// Activations have no sign (int8_gemm.h): 128 is taken from them, and 128 times
// the sum of the weights is added in the end. Summing the weights is one
// product more for those of kRows rows. Included inside each target's pass over
// a file.

#if defined(SOTTO_RUNTIME_KERNELS_CPU_INT8_SDOT_INL_H_) == \
    defined(HWY_TARGET_TOGGLE)
#ifdef SOTTO_RUNTIME_KERNELS_CPU_INT8_SDOT_INL_H_
#undef SOTTO_RUNTIME_KERNELS_CPU_INT8_SDOT_INL_H_
#else
#define SOTTO_RUNTIME_KERNELS_CPU_INT8_SDOT_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hwy/highway.h"
#include "runtime/kernels/cpu/int8_tile-inl.h"

#if HWY_TARGET == HWY_NEON && HWY_ARCH_ARM_A64
#if defined(__linux__)
#include <sys/auxv.h>
#endif

HWY_BEFORE_NAMESPACE();
namespace sotto::runtime {
namespace HWY_NAMESPACE {

// Whether this processor has the instruction.
inline bool HasSdot() {
#if defined(__ARM_FEATURE_DOTPROD) || defined(__APPLE__)
  return true;
#elif defined(__linux__)
  static const bool has = (getauxval(AT_HWCAP) & (1ul << 20)) != 0;  // ASIMDDP
  return has;
#else
  return false;
#endif
}

// Of every function that uses it.
#if defined(__clang__)
#define SOTTO_SDOT __attribute__((target("dotprod")))
#else
#define SOTTO_SDOT __attribute__((target("arch=armv8.2-a+crypto+dotprod")))
#endif

SOTTO_SDOT HWY_INLINE Int8Vec SignedDot4(Int8Vec acc, Int8Vec a, Int8Vec w) {
  __asm__("sdot %0.4s, %1.16b, %2.16b"
          : "+w"(acc.raw)
          : "w"(a.raw), "w"(w.raw));
  return acc;
}

// As Accumulate, for one panel.
template <std::size_t kRows>
SOTTO_SDOT HWY_INLINE void AccumulateSigned(const TileIn& in,
                                            Sums<kRows, 1>& sums) {
  const Int8Tag d;
  const Int8Vec ones = hn::Set(d, 0x01010101);
  Int8Vec weight_sums[kInt8Vectors];
  SOTTO_INT8_UNROLL
  for (std::size_t v = 0; v < kInt8Vectors; ++v) weight_sums[v] = hn::Zero(d);
  const std::uint8_t* HWY_RESTRICT w = in.quads;
  for (std::size_t s = 0; s < in.segments; ++s) {
    const std::uint8_t* HWY_RESTRICT a =
        in.rows + (in.offsets == nullptr ? 0 : in.offsets[s]);
    for (std::size_t q = 0; q < in.segment_quads; ++q, a += 4) {
      Int8Vec weights[kInt8Vectors];
      SOTTO_INT8_UNROLL
      for (std::size_t v = 0; v < kInt8Vectors; ++v) {
        weights[v] = hn::Load(
            d, reinterpret_cast<const std::int32_t*>(w) + v * kInt8Lanes);
        weight_sums[v] = SignedDot4(weight_sums[v], ones, weights[v]);
      }
      w += 4 * kInt8Panel;
      SOTTO_INT8_UNROLL
      for (std::size_t r = 0; r < kRows; ++r) {
        std::uint32_t word;
        std::memcpy(&word, a + r * in.step, sizeof(word));
        const Int8Vec x =
            hn::Set(d, static_cast<std::int32_t>(word ^ 0x80808080u));
        SOTTO_INT8_UNROLL
        for (std::size_t v = 0; v < kInt8Vectors; ++v) {
          sums.v[r][0][v] = SignedDot4(sums.v[r][0][v], x, weights[v]);
        }
      }
    }
  }
  SOTTO_INT8_UNROLL
  for (std::size_t v = 0; v < kInt8Vectors; ++v) {
    const Int8Vec excess = hn::ShiftLeft<7>(weight_sums[v]);
    SOTTO_INT8_UNROLL
    for (std::size_t r = 0; r < kRows; ++r) {
      sums.v[r][0][v] = hn::Add(sums.v[r][0][v], excess);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();
#endif  // 64-bit Arm

#endif  // per-target include guard
