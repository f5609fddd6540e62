// Gradients of convolutions. With patches P [pixels, K] of an image, weights
// W [out, K] and y = P W^T + b:
//   db = sum over pixels of dy,   dW = dy^T P,   dP = dy W,
// and dx is dP added back to where the patches came from.

#include <cassert>

#include "runtime/kernels/gemm.h"
#include "runtime/kernels/window.h"
#include "training/autodiff/rules.h"

namespace sotto::training {
namespace {

using runtime::Tensor;
using runtime::Window;

Window WindowOf(const runtime::Op& op) {
  const Tensor &x = *op.inputs[0], &w = *op.inputs[1];
  Window window = {};
  [[maybe_unused]] const bool ok =
      runtime::MakeWindow(x.shape, w.shape[1], w.shape[2], op.options, &window);
  assert(ok);
  return window;
}

void AddBias(const GradientContext& context, std::size_t out) {
  if (context.input_gradients.size() < 3) return;
  const std::span<float> db = context.input_gradients[2];
  if (db.empty()) return;
  for (std::size_t i = 0; i < context.output_gradient.size(); i += out) {
    for (std::size_t o = 0; o < out; ++o) {
      db[o] += context.output_gradient[i + o];
    }
  }
}

}  // namespace

void Conv2DGradient(const GradientContext& context) {
  DropClamped(context);
  const Tensor &x = *context.op.inputs[0], &w = *context.op.inputs[1];
  const Window window = WindowOf(context.op);
  const auto out = static_cast<std::size_t>(w.shape[0]);
  const std::size_t patch = window.PatchSize(), pixels = window.Pixels();
  AddBias(context, out);
  const std::span<float> dx = context.input_gradients[0];
  const std::span<float> dw = context.input_gradients[1];
  const std::span<float> scratch =
      Scratch(context, pixels * patch + pixels * out);
  float* patches = scratch.data();
  float* transposed = patches + pixels * patch;
  for (std::int32_t n = 0; n < x.shape[0]; ++n) {
    const auto image = static_cast<std::size_t>(n);
    const float* dy = context.output_gradient.data() + image * pixels * out;
    if (!dw.empty()) {
      runtime::ImageToPatches(window, x.floats() + image * window.ImageSize(),
                              patches);
      runtime::Transpose(dy, pixels, out, transposed);
      runtime::Gemm({.m = out, .k = pixels, .n = patch}, transposed, patches,
                    dw.data(), true);
    }
    if (!dx.empty()) {
      runtime::Gemm({.m = pixels, .k = out, .n = patch}, dy, w.floats(),
                    patches, false);
      runtime::AddPatchesToImage(window, patches,
                                 dx.data() + image * window.ImageSize());
    }
  }
}

void DepthwiseConv2DGradient(const GradientContext& context) {
  DropClamped(context);
  const Tensor &x = *context.op.inputs[0], &w = *context.op.inputs[1];
  const Window v = WindowOf(context.op);
  const auto out = static_cast<std::size_t>(w.shape[3]);
  const auto channels = static_cast<std::size_t>(v.channels);
  const std::size_t multiplier = out / channels;
  AddBias(context, out);
  const std::span<float> dx = context.input_gradients[0];
  const std::span<float> dw = context.input_gradients[1];
  const float* dy = context.output_gradient.data();
  for (std::int32_t n = 0; n < x.shape[0]; ++n) {
    const std::size_t image = static_cast<std::size_t>(n) * v.ImageSize();
    for (std::int32_t oy = 0; oy < v.out_h; ++oy) {
      for (std::int32_t ox = 0; ox < v.out_w; ++ox, dy += out) {
        for (std::int32_t ky = 0; ky < v.filter_h; ++ky) {
          const std::int32_t iy =
              oy * v.stride_h - v.pad_top + ky * v.dilation_h;
          if (iy < 0 || iy >= v.in_h) continue;
          for (std::int32_t kx = 0; kx < v.filter_w; ++kx) {
            const std::int32_t ix =
                ox * v.stride_w - v.pad_left + kx * v.dilation_w;
            if (ix < 0 || ix >= v.in_w) continue;
            const std::size_t pixel =
                image + (static_cast<std::size_t>(iy) *
                             static_cast<std::size_t>(v.in_w) +
                         static_cast<std::size_t>(ix)) *
                            channels;
            const std::size_t tap = (static_cast<std::size_t>(ky) *
                                         static_cast<std::size_t>(v.filter_w) +
                                     static_cast<std::size_t>(kx)) *
                                    out;
            for (std::size_t o = 0; o < out; ++o) {
              const std::size_t c = pixel + o / multiplier;
              if (!dw.empty()) dw[tap + o] += dy[o] * x.floats()[c];
              if (!dx.empty()) dx[c] += dy[o] * w.floats()[tap + o];
            }
          }
        }
      }
    }
  }
}

}  // namespace sotto::training
