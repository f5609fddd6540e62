#include "runtime/support/image.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace sotto::runtime {
namespace {

constexpr std::size_t kChannels = 3;

// Weights of source pixels [first, first + weights.size()) in a target pixel.
struct Tap {
  std::size_t first;
  std::vector<float> weights;
};

// Pixel i lies at i + 0.5; a triangle of half the base max(1, from / to) around
// each target pixel's place weighs them.
std::vector<Tap> Taps(std::int32_t from, std::int32_t to) {
  const double scale = static_cast<double>(from) / to;
  const double reach = std::max(1.0, scale);
  std::vector<Tap> taps;
  for (std::int32_t i = 0; i < to; ++i) {
    const double center = (i + 0.5) * scale - 0.5;
    const int first = std::max(0, static_cast<int>(std::ceil(center - reach)));
    const int last =
        std::min(from - 1, static_cast<int>(std::floor(center + reach)));
    Tap tap{static_cast<std::size_t>(first), {}};
    double sum = 0;
    for (int j = first; j <= last; ++j) {
      const double weight = std::max(0.0, 1.0 - std::abs(j - center) / reach);
      tap.weights.push_back(static_cast<float>(weight));
      sum += weight;
    }
    // The centre lies within half a pixel of the image: the sum is not 0.
    for (float& weight : tap.weights) weight /= static_cast<float>(sum);
    taps.push_back(std::move(tap));
  }
  return taps;
}

}  // namespace

Image CropCenter(const Image& image, std::int32_t width, std::int32_t height) {
  assert(image.width > 0 && image.height > 0 && width > 0 && height > 0);
  // width : height = out.width : out.height, one of them the image's.
  const std::int64_t by_height =
      static_cast<std::int64_t>(image.height) * width / height;
  const std::int64_t by_width =
      static_cast<std::int64_t>(image.width) * height / width;
  Image out;
  out.width = static_cast<std::int32_t>(
      std::clamp<std::int64_t>(by_height, 1, image.width));
  out.height = static_cast<std::int32_t>(
      std::clamp<std::int64_t>(by_width, 1, image.height));
  const auto left = static_cast<std::size_t>((image.width - out.width) / 2);
  const auto top = static_cast<std::size_t>((image.height - out.height) / 2);
  const auto row = static_cast<std::size_t>(image.width) * kChannels;
  const auto out_row = static_cast<std::size_t>(out.width) * kChannels;
  for (std::size_t y = 0; y < static_cast<std::size_t>(out.height); ++y) {
    const auto* from = image.rgb.data() + (top + y) * row + left * kChannels;
    out.rgb.insert(out.rgb.end(), from, from + out_row);
  }
  return out;
}

std::vector<float> Resize(const Image& image, std::int32_t width,
                          std::int32_t height) {
  assert(image.width > 0 && image.height > 0 && width > 0 && height > 0);
  const auto in_row = static_cast<std::size_t>(image.width) * kChannels;
  const auto out_row = static_cast<std::size_t>(width) * kChannels;
  const std::vector<Tap> across = Taps(image.width, width);
  const std::vector<Tap> down = Taps(image.height, height);
  // First the rows become narrow, then there are fewer of them.
  std::vector<float> narrow(static_cast<std::size_t>(image.height) * out_row);
  for (std::size_t y = 0; y < static_cast<std::size_t>(image.height); ++y) {
    const std::uint8_t* from = image.rgb.data() + y * in_row;
    float* to = narrow.data() + y * out_row;
    for (const Tap& tap : across) {
      for (std::size_t c = 0; c < kChannels; ++c) {
        float sum = 0;
        for (std::size_t j = 0; j < tap.weights.size(); ++j) {
          sum += tap.weights[j] * from[(tap.first + j) * kChannels + c];
        }
        *to++ = sum;
      }
    }
  }
  std::vector<float> out(static_cast<std::size_t>(height) * out_row);
  for (std::size_t y = 0; y < down.size(); ++y) {
    float* to = out.data() + y * out_row;
    for (std::size_t j = 0; j < down[y].weights.size(); ++j) {
      const float* from = narrow.data() + (down[y].first + j) * out_row;
      for (std::size_t x = 0; x < out_row; ++x) {
        to[x] += down[y].weights[j] * from[x];
      }
    }
  }
  return out;
}

}  // namespace sotto::runtime
