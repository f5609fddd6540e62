#include "runtime/kernels/nn/fully_connected.h"

#include <limits>

namespace sotto::runtime {

StatusCode PrepareFullyConnected(PrepareContext& context, Op& op) {
  if (op.inputs.size() < 2 || op.inputs.size() > 3 || op.outputs.size() != 1 ||
      op.inputs[0] == nullptr || op.inputs[1] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants x, w, optional bias -> y");
  }
  const Shape &x = op.inputs[0]->shape, &w = op.inputs[1]->shape;
  if (w.rank != 2 || w[0] < 1 || w[1] < 1) {
    return context.Fail(StatusCode::kInvalidArgument, "wants w [out, depth]");
  }
  const auto depth = static_cast<std::size_t>(w[1]);
  const std::size_t batch = x.Elements() / depth;
  if (x.Elements() % depth != 0 ||
      batch > std::numeric_limits<std::int32_t>::max()) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "x is no whole number of rows of w's depth");
  }
  Tensor& y = *op.outputs[0];
  if (op.options.keep_dims) {
    if (x.rank < 1 || x[x.rank - 1] != w[1]) {
      return context.Fail(StatusCode::kInvalidArgument,
                          "x's last dimension is not w's depth");
    }
    y.shape = x;
    y.shape.dims[x.rank - 1] = w[0];
  } else {
    y.shape = {2, {static_cast<std::int32_t>(batch), w[0]}};
  }
  y.is_dynamic = false;
  return StatusCode::kOk;
}

FullyConnected MakeFullyConnected(const Op& op) {
  const Shape& w = op.inputs[1]->shape;
  const auto depth = static_cast<std::size_t>(w[1]);
  return {.batch = op.inputs[0]->shape.Elements() / depth,
          .depth = depth,
          .out = static_cast<std::size_t>(w[0])};
}

}  // namespace sotto::runtime
