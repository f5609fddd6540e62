#include "runtime/kernels/nn/transpose_conv.h"

#include <algorithm>

namespace sotto::runtime {
namespace {

// Half the padding of a convolution from `size` elements.
std::int32_t Pad(std::int32_t size, std::int32_t filter, std::int32_t stride,
                 Padding padding) {
  if (padding == Padding::kValid) return 0;
  const std::int64_t steps = (size - 1) / stride;
  const std::int64_t total = steps * stride + filter - size;
  return static_cast<std::int32_t>(std::max<std::int64_t>(total, 0) / 2);
}

bool ReadShape(const Op& op, Shape* shape) {
  const std::int32_t* dims = op.inputs[0]->int32s();
  const Shape &x = op.inputs[2]->shape, &w = op.inputs[1]->shape;
  if (dims[0] != x[0] || dims[3] != w[0]) return false;
  std::int64_t size = std::int64_t{std::max(dims[0], 1)} * dims[3];
  for (std::size_t i = 1; i <= 2; ++i) {
    if (size >= std::int64_t{1} << 31) return false;
    if (dims[i] < 1 || dims[i] > kMaxTransposeConvSize) return false;
    size *= dims[i];
  }
  if (size >= std::int64_t{1} << 31) return false;
  *shape = {4, {dims[0], dims[1], dims[2], dims[3]}};
  return true;
}

}  // namespace

StatusCode PrepareTransposeConv(PrepareContext& context, Op& op) {
  if (op.inputs.size() < 3 || op.inputs.size() > 4 || op.outputs.size() != 1 ||
      op.inputs[0] == nullptr || op.inputs[1] == nullptr ||
      op.inputs[2] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants shape, w, x, optional bias -> y");
  }
  const Tensor& shape = *op.inputs[0];
  const Shape &w = op.inputs[1]->shape, &x = op.inputs[2]->shape;
  if (shape.type != ElementType::kInt32 || shape.shape.rank != 1 ||
      shape.shape[0] != 4) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants y's shape as int32 [4]");
  }
  const auto fits = [](std::int32_t v) {
    return v >= 1 && v <= kMaxTransposeConvSize;
  };
  if (x.rank != 4 || w.rank != 4 || !fits(x[1]) || !fits(x[2]) || x[3] < 1 ||
      x[3] != w[3] || w[0] < 1 || !fits(w[1]) || !fits(w[2])) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants w [o, h, w, c] and x [n, h, w, c]");
  }
  if (!fits(op.options.stride_h) || !fits(op.options.stride_w)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "a stride is not positive or too large");
  }
  Tensor& y = *op.outputs[0];
  y.is_dynamic = !shape.is_constant;
  if (shape.is_constant && !ReadShape(op, &y.shape)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "y's shape does not fit x and w");
  }
  return StatusCode::kOk;
}

StatusCode StartTransposeConv(EvalContext& context, const Op& op,
                              TransposeConv* conv) {
  Tensor& y = *op.outputs[0];
  if (y.is_dynamic) {
    Shape shape;
    if (!ReadShape(op, &shape)) {
      return context.Fail(StatusCode::kInvalidArgument,
                          "y's shape does not fit x and w");
    }
    const StatusCode code = context.Resize(y, shape);
    if (code != StatusCode::kOk) return code;
  }
  const Shape &w = op.inputs[1]->shape, &x = op.inputs[2]->shape;
  const Options& o = op.options;
  *conv = {.in_h = x[1],
           .in_w = x[2],
           .filter_h = w[1],
           .filter_w = w[2],
           .stride_h = o.stride_h,
           .stride_w = o.stride_w,
           .pad_top = Pad(y.shape[1], w[1], o.stride_h, o.padding),
           .pad_left = Pad(y.shape[2], w[2], o.stride_w, o.padding),
           .out_h = y.shape[1],
           .out_w = y.shape[2],
           .channels = static_cast<std::size_t>(x[3]),
           .out = static_cast<std::size_t>(w[0])};
  return StatusCode::kOk;
}

}  // namespace sotto::runtime
