// Pictures as models take them: red, green, blue, 8 bits each, rows from the
// top without gaps.

#ifndef SOTTO_RUNTIME_SUPPORT_IMAGE_H_
#define SOTTO_RUNTIME_SUPPORT_IMAGE_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"

namespace sotto::runtime {

struct Image {
  std::int32_t width = 0, height = 0;
  Bytes rgb;  // width * height * 3
};

// BMP of 24 or 32 bits without compression; an alpha channel is dropped.
// INVALID_ARGUMENT: damaged, or larger than 16384 on a side or 2^26 pixels.
// UNIMPLEMENTED: another kind of BMP, or another format, which is named.
absl::StatusOr<Image> DecodeImage(ByteView bytes);

// The largest centred part of the shape width:height. All positive, asserted.
Image CropCenter(const Image& image, std::int32_t width, std::int32_t height);

// width * height * 3 values in [0, 255]. Linear between the four nearest
// pixels; where the image shrinks, the weights' triangle widens, so that every
// pixel counts. All positive, asserted.
std::vector<float> Resize(const Image& image, std::int32_t width,
                          std::int32_t height);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_SUPPORT_IMAGE_H_
