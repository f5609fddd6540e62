// Images as the 8-bit kernels read them: u8, with their padding around them.

#ifndef SOTTO_RUNTIME_KERNELS_CPU_INT8_IMAGE_H_
#define SOTTO_RUNTIME_KERNELS_CPU_INT8_IMAGE_H_

#include <cstddef>
#include <cstdint>

#include "runtime/kernels/window.h"

namespace sotto::runtime {

// out[i] = in[i] ^ flip.
void CopyInt8(const std::uint8_t* in, std::size_t size, std::uint8_t flip,
              std::uint8_t* out);

// The part of an image that some lines of output see.
struct Int8Image {
  explicit Int8Image(const Window& w)
      : window(w),
        width(static_cast<std::size_t>(w.out_w - 1) *
                  static_cast<std::size_t>(w.stride_w) +
              static_cast<std::size_t>(w.filter_w - 1) *
                  static_cast<std::size_t>(w.dilation_w) +
              1),
        line_bytes(width * static_cast<std::size_t>(w.channels)) {}

  // Lines of input, padding included, under `count` > 0 lines of output.
  std::size_t InputLines(std::size_t count) const {
    return (count - 1) * static_cast<std::size_t>(window.stride_h) +
           static_cast<std::size_t>(window.filter_h - 1) *
               static_cast<std::size_t>(window.dilation_h) +
           1;
  }
  // Copies those under lines [first, first + count) of output.
  void Copy(const std::uint8_t* image, std::size_t first, std::size_t count,
            std::uint8_t flip, std::uint8_t padding, std::uint8_t* out) const;

  Window window;
  std::size_t width, line_bytes;
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_CPU_INT8_IMAGE_H_
