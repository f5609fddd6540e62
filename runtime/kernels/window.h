// The geometry that convolutions and pools share: how a window slides over an
// image under SAME or VALID padding (the formulas of the .tflite operators).

#ifndef SOTTO_RUNTIME_KERNELS_WINDOW_H_
#define SOTTO_RUNTIME_KERNELS_WINDOW_H_

#include <cstddef>
#include <cstdint>

#include "runtime/core/kernel.h"

namespace sotto::runtime {

// One image [height, width, channels] seen through a filter.
struct Window {
  std::int32_t in_h, in_w, channels;
  std::int32_t filter_h, filter_w;
  std::int32_t stride_h, stride_w;
  std::int32_t dilation_h, dilation_w;
  std::int32_t pad_top, pad_left;
  std::int32_t out_h, out_w;

  std::size_t Pixels() const {
    return static_cast<std::size_t>(out_h) * static_cast<std::size_t>(out_w);
  }
  std::size_t PatchSize() const {
    return static_cast<std::size_t>(filter_h) *
           static_cast<std::size_t>(filter_w) *
           static_cast<std::size_t>(channels);
  }
  std::size_t ImageSize() const {
    return static_cast<std::size_t>(in_h) * static_cast<std::size_t>(in_w) *
           static_cast<std::size_t>(channels);
  }
};

// False when a stride or dilation is not positive, or the filter does not fit
// once into the image under VALID padding.
bool MakeWindow(const Shape& image, std::int32_t filter_h,
                std::int32_t filter_w, const Options& options, Window* window);

// patches[pixel][ky][kx][channel], zero outside the image.
void ImageToPatches(const Window& window, const float* image, float* patches);
// The adjoint: adds each patch value back to its place in the image.
void AddPatchesToImage(const Window& window, const float* patches,
                       float* image);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_WINDOW_H_
