// Gradients of pools: a maximum passes the gradient to the first element that
// reached it, a mean shares it among the elements inside the image.

#include <algorithm>
#include <cassert>

#include "runtime/kernels/window.h"
#include "training/autodiff/rules.h"

namespace sotto::training {
namespace {

// Calls body(index of y, indices of the window's elements of x) per channel.
template <typename Body>
void ForEachWindow(const GradientContext& context, const Body& body) {
  const runtime::Tensor& x = *context.op.inputs[0];
  runtime::Window v = {};
  [[maybe_unused]] const bool ok =
      runtime::MakeWindow(x.shape, context.op.options.filter_h,
                          context.op.options.filter_w, context.op.options, &v);
  assert(ok);
  const auto channels = static_cast<std::size_t>(v.channels);
  std::vector<std::size_t> pixels;
  std::size_t y = 0;
  for (std::int32_t n = 0; n < x.shape[0]; ++n) {
    const std::size_t image = static_cast<std::size_t>(n) * v.ImageSize();
    for (std::int32_t oy = 0; oy < v.out_h; ++oy) {
      const std::int32_t y0 = oy * v.stride_h - v.pad_top;
      for (std::int32_t ox = 0; ox < v.out_w; ++ox) {
        const std::int32_t x0 = ox * v.stride_w - v.pad_left;
        pixels.clear();
        for (std::int32_t iy = std::max(y0, 0);
             iy < std::min(y0 + v.filter_h, v.in_h); ++iy) {
          for (std::int32_t ix = std::max(x0, 0);
               ix < std::min(x0 + v.filter_w, v.in_w); ++ix) {
            pixels.push_back(image + (static_cast<std::size_t>(iy) *
                                          static_cast<std::size_t>(v.in_w) +
                                      static_cast<std::size_t>(ix)) *
                                         channels);
          }
        }
        for (std::size_t c = 0; c < channels; ++c, ++y) body(y, c, pixels);
      }
    }
  }
}

}  // namespace

void MaxPool2DGradient(const GradientContext& context) {
  DropClamped(context);
  const float* x = context.op.inputs[0]->floats();
  const std::span<float> dx = context.input_gradients[0];
  ForEachWindow(context, [&](std::size_t y, std::size_t c,
                             const std::vector<std::size_t>& pixels) {
    std::size_t best = pixels[0] + c;
    for (const std::size_t pixel : pixels) {
      if (x[pixel + c] > x[best]) best = pixel + c;
    }
    dx[best] += context.output_gradient[y];
  });
}

void AveragePool2DGradient(const GradientContext& context) {
  DropClamped(context);
  const std::span<float> dx = context.input_gradients[0];
  ForEachWindow(context, [&](std::size_t y, std::size_t c,
                             const std::vector<std::size_t>& pixels) {
    const float share =
        context.output_gradient[y] / static_cast<float>(pixels.size());
    for (const std::size_t pixel : pixels) dx[pixel + c] += share;
  });
}

}  // namespace sotto::training
