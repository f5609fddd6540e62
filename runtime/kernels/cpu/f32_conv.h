// What the packed f32 convolutions share: the checks of their tensors, and the
// patches of x as pointers to where they lie in the image.

#ifndef SOTTO_RUNTIME_KERNELS_CPU_F32_CONV_H_
#define SOTTO_RUNTIME_KERNELS_CPU_F32_CONV_H_

#include <cstddef>
#include <cstdint>

#include "runtime/core/kernel.h"
#include "runtime/kernels/window.h"

namespace sotto::runtime {

// Types, ranks, channel counts and constant-ness of x, w and the bias (may be
// null); fills in the window. UNIMPLEMENTED also where no window fits, so that
// the reference kernel says what is wrong.
//   conv       w [out, h, w, channels], bias [out]
//   depthwise  w [1, h, w, channels * m], bias [channels * m]
StatusCode CheckF32Conv(PrepareContext& context, const Options& options,
                        const Tensor* x, const Tensor* w, const Tensor* bias,
                        bool depthwise, Window* window);

// How rows of patches are cut into segments (see F32Gemm): one per filter tap,
// or, where the image has few channels, one per filter row. Then a segment that
// leaves the image at the left or right is copied out, with zeros.
struct F32Patches {
  Window v = {};
  bool whole_rows = false;
  std::size_t segments = 1, segment_size = 0;

  static F32Patches Of(const Window& window);
  std::size_t depth() const { return segments * segment_size; }

  // Memory for `rows` patches: pointers, zeros, copies.
  std::size_t ScratchBytes(std::size_t rows) const;
  // Patches [begin, end) of the batch, as pointers [patch][segment] in scratch
  // (16-aligned); valid as long as x and scratch.
  const float* const* Gather(const float* x, std::size_t begin, std::size_t end,
                             void* scratch) const;

 private:
  // Pixels [begin, end) of one row of the output.
  struct Run {
    const float* image;
    std::int32_t oy, begin, end;
  };
  float* GatherRow(const Run& run, const float** pointers, const float* zeros,
                   float* copy) const;
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_CPU_F32_CONV_H_
