#include "runtime/delegates/vulkan/window_step.h"

#include <algorithm>

#include "runtime/kernels/window.h"

namespace sotto::runtime::vulkan {
namespace {

// Below so many items an invocation takes fewer pixels, so that the device is
// not left without work.
constexpr std::int32_t kEnoughItems = 1024;

}  // namespace

Refusal Spread(std::int32_t max_pixels, WindowParams* params, Step* step) {
  const std::int64_t blocks = Blocks(params->out_c);
  std::int32_t each = max_pixels;
  const auto items = [&] {
    return (std::int64_t{params->pixels} + each - 1) / each * blocks;
  };
  while (each > 1 && items() < kEnoughItems) each /= 2;
  if (items() > (std::int64_t{1} << 30)) return "too many outputs";
  params->items = static_cast<std::int32_t>(items());
  step->variant.pixels = each;
  step->SetItems(params->items);
  return nullptr;
}

Refusal MakeParams(const SottoDelegateOp& op, const Program& program,
                   std::int32_t filter_h, std::int32_t filter_w,
                   WindowParams* params, Variant* variant) {
  const SottoDelegateTensor& x = program.tensor(op.inputs[0]);
  const SottoDelegateTensor& y = program.tensor(op.outputs[0]);
  if (x.rank != 4 || y.rank != 4) return "wants images of rank 4";
  if (x.data != nullptr) return "its input is a constant";
  const SottoDelegateOptions& o = *op.options;
  Clamp clamp;
  if (!ClampOf(o.activation, &clamp)) return "the activation is no clamp";
  Options options;
  options.padding = o.padding == 1 ? Padding::kValid : Padding::kSame;
  options.stride_h = o.stride_h;
  options.stride_w = o.stride_w;
  options.dilation_h = o.dilation_h;
  options.dilation_w = o.dilation_w;
  Shape image = {.rank = 4, .dims = {}};
  std::copy_n(x.dims, 4, image.dims.begin());
  Window window = {};
  if (!MakeWindow(image, filter_h, filter_w, options, &window) ||
      window.out_h != y.dims[1] || window.out_w != y.dims[2] ||
      x.dims[0] != y.dims[0]) {
    return "a window that does not give the output's shape";
  }
  // What the shader computes on the way to a position stays an int32.
  constexpr std::int64_t kFar = std::int64_t{1} << 29;
  const auto reach = [](std::int64_t out, std::int64_t stride,
                        std::int64_t filter, std::int64_t dilation) {
    return std::max((out - 1) * stride, (filter - 1) * dilation);
  };
  if (reach(window.out_h, o.stride_h, filter_h, o.dilation_h) > kFar ||
      reach(window.out_w, o.stride_w, filter_w, o.dilation_w) > kFar) {
    return "a stride or dilation too large";
  }
  *params = {.items = 0,
             .pixels = y.dims[0] * y.dims[1] * y.dims[2],
             .in_h = x.dims[1],
             .in_w = x.dims[2],
             .in_c = x.dims[3],
             .out_h = y.dims[1],
             .out_w = y.dims[2],
             .out_c = y.dims[3],
             .filter_h = filter_h,
             .filter_w = filter_w,
             .stride_h = o.stride_h,
             .stride_w = o.stride_w,
             .dilation_h = o.dilation_h,
             .dilation_w = o.dilation_w,
             .pad_top = window.pad_top,
             .pad_left = window.pad_left,
             .multiplier = 1,
             .low = clamp.low,
             .high = clamp.high};
  variant->clamped = clamp.clamped ? 1 : 0;
  return nullptr;
}

WindowParams WholeWindow(std::int32_t pixels, std::int32_t rows,
                         std::int32_t in_c, std::int32_t out_c) {
  return {.items = 0,
          .pixels = pixels,
          .in_h = rows,
          .in_w = 1,
          .in_c = in_c,
          .out_h = 1,
          .out_w = 1,
          .out_c = out_c,
          .filter_h = rows,
          .filter_w = 1,
          .stride_h = 1,
          .stride_w = 1,
          .dilation_h = 1,
          .dilation_w = 1,
          .pad_top = 0,
          .pad_left = 0,
          .multiplier = 1,
          .low = 0,
          .high = 0};
}

}  // namespace sotto::runtime::vulkan
