#include "runtime/kernels/nn/conv_2d.h"

namespace sotto::runtime {

StatusCode PrepareConv2D(PrepareContext& context, Op& op) {
  if (op.inputs.size() < 2 || op.inputs.size() > 3 || op.outputs.size() != 1 ||
      op.inputs[0] == nullptr || op.inputs[1] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants x, w, optional bias -> y");
  }
  const Shape &x = op.inputs[0]->shape, &w = op.inputs[1]->shape;
  Window window = {};
  if (x.rank != 4 || w.rank != 4 || w[0] < 1 || w[3] < 1 || x[3] < 1 ||
      x[3] % w[3] != 0 || w[0] % (x[3] / w[3]) != 0) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants x [n, h, w, g * c] and w [g * o, h, w, c]");
  }
  if (!MakeWindow(x, w[1], w[2], op.options, &window)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "filter, stride or dilation do not fit the image");
  }
  op.outputs[0]->shape = {4, {x[0], window.out_h, window.out_w, w[0]}};
  op.outputs[0]->is_dynamic = false;
  return StatusCode::kOk;
}

Conv2D MakeConv2D(const Op& op) {
  const Shape &x = op.inputs[0]->shape, &w = op.inputs[1]->shape;
  Conv2D conv = {.window = {},
                 .batch = static_cast<std::size_t>(x[0]),
                 .out = static_cast<std::size_t>(w[0]),
                 .groups = static_cast<std::size_t>(x[3] / w[3]),
                 .group_channels = static_cast<std::size_t>(w[3])};
  MakeWindow(x, w[1], w[2], op.options, &conv.window);
  return conv;
}

}  // namespace sotto::runtime
