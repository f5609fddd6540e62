// MaxPool2D and AveragePool2D: the maximum or mean of each window's elements
// that lie inside the image, per channel, then the activation.
//
//   in 0   x  f32 [batch, in_h, in_w, channels]
//   out 0  y  f32 [batch, out_h, out_w, channels]
//
// Reads padding, stride, filter, activation.

#include <algorithm>
#include <cassert>
#include <limits>

#include "runtime/core/kernel.h"
#include "runtime/kernels/activation.h"
#include "runtime/kernels/window.h"

namespace sotto::runtime {
namespace {

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (op.inputs.size() != 1 || op.outputs.size() != 1 ||
      op.inputs[0] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x -> y");
  }
  const Tensor& x = *op.inputs[0];
  if (x.type != ElementType::kFloat32) {
    return context.Fail(StatusCode::kUnimplemented, "only f32");
  }
  Window window = {};
  if (x.shape.rank != 4 ||
      !MakeWindow(x.shape, op.options.filter_h, op.options.filter_w, op.options,
                  &window)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "x is not of rank 4, or filter or stride do not fit");
  }
  op.outputs[0]->type = ElementType::kFloat32;
  op.outputs[0]->shape = {4,
                          {x.shape[0], window.out_h, window.out_w, x.shape[3]}};
  return StatusCode::kOk;
}

// Fold(y, x) takes one more element; Finish(y, count) ends the window.
template <typename Fold, typename Finish>
void Pool(const Op& op, float start, const Fold& fold, const Finish& finish) {
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  Window v = {};
  [[maybe_unused]] const bool ok = MakeWindow(
      x.shape, op.options.filter_h, op.options.filter_w, op.options, &v);
  assert(ok);
  const auto channels = static_cast<std::size_t>(v.channels);
  float* result = y.floats();
  for (std::int32_t n = 0; n < x.shape[0]; ++n) {
    const float* image =
        x.floats() + static_cast<std::size_t>(n) * v.ImageSize();
    for (std::int32_t oy = 0; oy < v.out_h; ++oy) {
      const std::int32_t y0 = oy * v.stride_h - v.pad_top;
      for (std::int32_t ox = 0; ox < v.out_w; ++ox, result += channels) {
        const std::int32_t x0 = ox * v.stride_w - v.pad_left;
        std::fill(result, result + channels, start);
        int count = 0;
        for (std::int32_t iy = std::max(y0, 0);
             iy < std::min(y0 + v.filter_h, v.in_h); ++iy) {
          for (std::int32_t ix = std::max(x0, 0);
               ix < std::min(x0 + v.filter_w, v.in_w); ++ix, ++count) {
            const float* pixel = image + (static_cast<std::size_t>(iy) *
                                              static_cast<std::size_t>(v.in_w) +
                                          static_cast<std::size_t>(ix)) *
                                             channels;
            for (std::size_t c = 0; c < channels; ++c) {
              fold(result[c], pixel[c]);
            }
          }
        }
        for (std::size_t c = 0; c < channels; ++c) finish(result[c], count);
        Activate(op.options.activation, result, channels);
      }
    }
  }
}

StatusCode EvalMax(EvalContext&, const Op& op) {
  Pool(
      op, std::numeric_limits<float>::lowest(),
      [](float& y, float x) { y = std::max(y, x); }, [](float&, int) {});
  return StatusCode::kOk;
}

StatusCode EvalAverage(EvalContext&, const Op& op) {
  Pool(
      op, 0.0f, [](float& y, float x) { y += x; },
      [](float& y, int count) { y /= static_cast<float>(std::max(count, 1)); });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kMaxPool2DF32 = {Prepare, EvalMax};
extern const Kernel kAveragePool2DF32 = {Prepare, EvalAverage};

}  // namespace sotto::runtime
