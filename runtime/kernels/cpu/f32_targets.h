// Which instruction sets the packed f32 kernels are compiled for. To be
// included before Highway's headers: SSSE3 would gain nothing over SSE4, and
// AVX3_DL adds no f32 instruction to AVX3; the kernels hold vectors in arrays,
// which scalable vectors (SVE) do not allow.

#ifndef SOTTO_RUNTIME_KERNELS_CPU_F32_TARGETS_H_
#define SOTTO_RUNTIME_KERNELS_CPU_F32_TARGETS_H_

#if defined(SOTTO_FEW_TARGETS)  // sanitizers: the widest vectors only
#define HWY_DISABLED_TARGETS                                            \
  (HWY_SSSE3 | HWY_SSE4 | HWY_AVX2 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | \
   HWY_SVE_256 | HWY_SVE2_128)
#else
#define HWY_DISABLED_TARGETS \
  (HWY_SSSE3 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#endif

#endif  // SOTTO_RUNTIME_KERNELS_CPU_F32_TARGETS_H_
