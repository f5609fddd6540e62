// What the operators with a window share: geometry and the spread of the work.

#ifndef SOTTO_RUNTIME_DELEGATES_VULKAN_WINDOW_STEP_H_
#define SOTTO_RUNTIME_DELEGATES_VULKAN_WINDOW_STEP_H_

#include <cstdint>

#include "runtime/delegates/vulkan/program.h"

namespace sotto::runtime::vulkan {

// Vectors of four channels.
inline std::int32_t Blocks(std::int32_t channels) {
  return channels / 4 + (channels % 4 != 0 ? 1 : 0);
}

// The geometry of the op's window over its first input, an image, and the clamp
// after it.
Refusal MakeParams(const SottoDelegateOp& op, const Program& program,
                   std::int32_t filter_h, std::int32_t filter_w,
                   WindowParams* params, Variant* variant);
// A window over the whole of an image of `rows` x 1 in each of `pixels` images.
WindowParams WholeWindow(std::int32_t pixels, std::int32_t rows,
                         std::int32_t in_c, std::int32_t out_c);

// Chooses how many pixels an invocation computes, at most `max_pixels`, and
// counts items.
Refusal Spread(std::int32_t max_pixels, WindowParams* params, Step* step);

}  // namespace sotto::runtime::vulkan

#endif  // SOTTO_RUNTIME_DELEGATES_VULKAN_WINDOW_STEP_H_
