// Which instruction sets the 8-bit kernels are compiled for. To be included
// before Highway's headers. AVX3_DL is the one with vpdpbusd and vpermb; AVX3
// without them would gain little over AVX2; the kernels hold vectors in arrays,
// which scalable vectors (SVE) do not allow.

#ifndef SOTTO_RUNTIME_KERNELS_CPU_INT8_TARGETS_H_
#define SOTTO_RUNTIME_KERNELS_CPU_INT8_TARGETS_H_

#define HWY_WANT_AVX3_DL 1
#include "hwy/detect_targets.h"

#undef HWY_DISABLED_TARGETS
#if defined(SOTTO_FEW_TARGETS)  // sanitizers: VNNI and plain loops only
#define HWY_DISABLED_TARGETS                                         \
  (HWY_SSSE3 | HWY_SSE4 | HWY_AVX2 | HWY_AVX3 | HWY_SVE | HWY_SVE2 | \
   HWY_SVE_256 | HWY_SVE2_128)
#else
#define HWY_DISABLED_TARGETS \
  (HWY_SSSE3 | HWY_AVX3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#endif

// Before a loop of a constant number of steps, at most 16: unrolled wholly, so
// that vectors in arrays become registers.
#if defined(__clang__)
#define SOTTO_INT8_UNROLL _Pragma("clang loop unroll(full)")
#else
#define SOTTO_INT8_UNROLL _Pragma("GCC unroll 16")
#endif

#endif  // SOTTO_RUNTIME_KERNELS_CPU_INT8_TARGETS_H_
