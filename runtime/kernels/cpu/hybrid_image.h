// The first of the two passes over an image of floats (hybrid_rows.h), shared
// out among threads in parts of a fixed size.

#ifndef SOTTO_RUNTIME_KERNELS_CPU_HYBRID_IMAGE_H_
#define SOTTO_RUNTIME_KERNELS_CPU_HYBRID_IMAGE_H_

#include <algorithm>
#include <cstddef>

#include "runtime/core/kernel.h"
#include "runtime/kernels/cpu/hybrid_rows.h"

namespace sotto::runtime {

constexpr std::size_t kHybridPart = std::size_t{1} << 14;  // floats
// Ten floats a nanosecond are found, eight quantised.
constexpr std::size_t kHybridFloatsPerNs = 8;

inline std::size_t HybridParts(std::size_t size) {
  return (size + kHybridPart - 1) / kHybridPart;
}

// `ranges` is memory for HybridParts(size) of them.
inline RowQuantization QuantizationOfImage(EvalContext& context, const float* x,
                                           std::size_t size, bool asymmetric,
                                           FloatRange* ranges) {
  const std::size_t parts = HybridParts(size);
  context.ParallelFor(parts, 1, size / kHybridFloatsPerNs,
                      [&](std::size_t begin, std::size_t end, int) {
                        for (std::size_t i = begin; i < end; ++i) {
                          const std::size_t at = i * kHybridPart;
                          ranges[i] = RangeOfFloats(
                              x + at, std::min(kHybridPart, size - at));
                        }
                      });
  FloatRange all;
  for (std::size_t i = 0; i < parts; ++i) all.Join(ranges[i]);
  return QuantizationOf(all.low, all.high, asymmetric);
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_CPU_HYBRID_IMAGE_H_
