// Sums over windows of 8-bit images, all channels at once.

#ifndef SOTTO_RUNTIME_KERNELS_CPU_INT8_POOL_H_
#define SOTTO_RUNTIME_KERNELS_CPU_INT8_POOL_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "runtime/kernels/window.h"

namespace sotto::runtime {

// Sums of bytes of fewer elements than this stay below 2^31.
constexpr std::size_t kMaxInt8Window = std::size_t{1} << 23;
// Sums of fewer, with half of the count added, below 2^24.
constexpr std::size_t kLargeInt8Window = 65'000;

// Elements of one window of one image: `first` is channel 0 of the first pixel.
struct Int8PoolWindow {
  const std::uint8_t* first;
  std::size_t rows, columns, row_step, channels;
};

// The windows under line `oy` of output of an image.
struct Int8PoolLine {
  Int8PoolLine(const Window& w, const std::uint8_t* image, std::int32_t oy)
      : window(w),
        row_step(static_cast<std::size_t>(w.in_w) *
                 static_cast<std::size_t>(w.channels)) {
    const std::int32_t top = oy * w.stride_h - w.pad_top;
    const std::int32_t y0 = std::max(top, 0);
    rows = static_cast<std::size_t>(std::min(top + w.filter_h, w.in_h) - y0);
    first = image + static_cast<std::size_t>(y0) * row_step;
  }
  // The one of pixel `ox`.
  Int8PoolWindow At(std::int32_t ox) const {
    const std::int32_t left = ox * window.stride_w - window.pad_left;
    const std::int32_t x0 = std::max(left, 0);
    const auto channels = static_cast<std::size_t>(window.channels);
    return {.first = first + static_cast<std::size_t>(x0) * channels,
            .rows = rows,
            .columns = static_cast<std::size_t>(
                std::min(left + window.filter_w, window.in_w) - x0),
            .row_step = row_step,
            .channels = channels};
  }

  const Window& window;
  std::size_t row_step, rows;
  const std::uint8_t* first;
};

// sums[c] = sum of u8(byte ^ flip).
void SumInt8Window(const Int8PoolWindow& window, std::uint8_t flip,
                   std::int32_t* sums);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_CPU_INT8_POOL_H_
