#include "runtime/kernels/window.h"

#include <algorithm>
#include <cstring>

namespace sotto::runtime {
namespace {

struct Axis {
  std::int64_t out, pad;
};

Axis Slide(std::int64_t in, std::int64_t filter, std::int64_t stride,
           std::int64_t dilation, Padding padding) {
  const std::int64_t reach = (filter - 1) * dilation + 1;
  if (padding == Padding::kValid) {
    return {.out = in < reach ? 0 : (in - reach) / stride + 1, .pad = 0};
  }
  const std::int64_t out = (in + stride - 1) / stride;
  const std::int64_t needed = (out - 1) * stride + reach - in;
  return {.out = out, .pad = std::max<std::int64_t>(needed, 0) / 2};
}

// Calls body(pixel offset into the patch row, image offset or -1) per filter
// tap.
template <typename Body>
void ForEachTap(const Window& w, const Body& body) {
  const auto channels = static_cast<std::size_t>(w.channels);
  std::size_t patch = 0;
  for (std::int32_t oy = 0; oy < w.out_h; ++oy) {
    for (std::int32_t ox = 0; ox < w.out_w; ++ox) {
      for (std::int32_t ky = 0; ky < w.filter_h; ++ky) {
        const std::int32_t y = oy * w.stride_h - w.pad_top + ky * w.dilation_h;
        for (std::int32_t kx = 0; kx < w.filter_w; ++kx, patch += channels) {
          const std::int32_t x =
              ox * w.stride_w - w.pad_left + kx * w.dilation_w;
          const bool inside = y >= 0 && y < w.in_h && x >= 0 && x < w.in_w;
          body(patch, inside ? (static_cast<std::ptrdiff_t>(y) * w.in_w + x) *
                                   w.channels
                             : -1);
        }
      }
    }
  }
}

}  // namespace

bool MakeWindow(const Shape& image, std::int32_t filter_h,
                std::int32_t filter_w, const Options& o, Window* window) {
  // Far above any real network, far below overflow.
  constexpr std::int32_t kMax = 1 << 16;
  const auto fits = [](std::int32_t v) { return v >= 1 && v <= kMax; };
  if (!fits(filter_h) || !fits(filter_w) || !fits(o.stride_h) ||
      !fits(o.stride_w) || !fits(o.dilation_h) || !fits(o.dilation_w)) {
    return false;
  }
  const Axis y = Slide(image[1], filter_h, o.stride_h, o.dilation_h, o.padding);
  const Axis x = Slide(image[2], filter_w, o.stride_w, o.dilation_w, o.padding);
  if (y.out < 1 || x.out < 1) return false;
  // Every coordinate that ForEachTap forms must fit an int32.
  constexpr std::int64_t kReach = std::int64_t{1} << 30;
  if (y.out * o.stride_h + std::int64_t{filter_h} * o.dilation_h > kReach ||
      x.out * o.stride_w + std::int64_t{filter_w} * o.dilation_w > kReach) {
    return false;
  }
  *window = {.in_h = image[1],
             .in_w = image[2],
             .channels = image[3],
             .filter_h = filter_h,
             .filter_w = filter_w,
             .stride_h = o.stride_h,
             .stride_w = o.stride_w,
             .dilation_h = o.dilation_h,
             .dilation_w = o.dilation_w,
             .pad_top = static_cast<std::int32_t>(y.pad),
             .pad_left = static_cast<std::int32_t>(x.pad),
             .out_h = static_cast<std::int32_t>(y.out),
             .out_w = static_cast<std::int32_t>(x.out)};
  return true;
}

void ImageToPatches(const Window& window, const float* image, float* patches) {
  const std::size_t bytes =
      static_cast<std::size_t>(window.channels) * sizeof(float);
  ForEachTap(window, [&](std::size_t patch, std::ptrdiff_t offset) {
    if (offset < 0) {
      std::memset(patches + patch, 0, bytes);
    } else {
      std::memcpy(patches + patch, image + offset, bytes);
    }
  });
}

void AddPatchesToImage(const Window& window, const float* patches,
                       float* image) {
  ForEachTap(window, [&](std::size_t patch, std::ptrdiff_t offset) {
    if (offset < 0) return;
    for (std::int32_t c = 0; c < window.channels; ++c) {
      image[offset + c] += patches[patch + static_cast<std::size_t>(c)];
    }
  });
}

}  // namespace sotto::runtime
