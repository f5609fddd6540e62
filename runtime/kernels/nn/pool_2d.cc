#include "runtime/kernels/nn/pool_2d.h"

#include <cmath>

#include "runtime/kernels/activation.h"
#include "runtime/kernels/nn/requantize.h"

namespace sotto::runtime {
namespace {

Options WithoutDilation(const Options& options) {
  Options plain = options;
  plain.dilation_h = plain.dilation_w = 1;
  return plain;
}

}  // namespace

StatusCode PreparePool2D(PrepareContext& context, Op& op, ElementType type) {
  if (op.inputs.size() != 1 || op.outputs.size() != 1 ||
      op.inputs[0] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x -> y");
  }
  const Tensor& x = *op.inputs[0];
  Tensor& y = *op.outputs[0];
  if (x.type != type || y.type != type) {
    return context.Fail(StatusCode::kUnimplemented,
                        "not this kernel's types of x and y");
  }
  if (!IsClamp(op.options.activation)) {
    return context.Fail(StatusCode::kUnimplemented,
                        "the fused activation is not a clamp");
  }
  Window window = {};
  if (x.shape.rank != 4 ||
      !MakeWindow(x.shape, op.options.filter_h, op.options.filter_w,
                  WithoutDilation(op.options), &window)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "x is not of rank 4, or filter or stride do not fit");
  }
  if (type != ElementType::kFloat32) {
    if (!IsQuantizedPerTensor(x) || !IsQuantizedPerTensor(y)) {
      return context.Fail(StatusCode::kInvalidArgument,
                          "x and y want one scale each");
    }
    const float x_scale = x.quantization.scale[0];
    if (x.quantization.zero_point != y.quantization.zero_point ||
        std::abs(x_scale - y.quantization.scale[0]) > 1e-3f * x_scale) {
      return context.Fail(StatusCode::kInvalidArgument,
                          "x and y differ in scale or zero point");
    }
  }
  y.shape = {4, {x.shape[0], window.out_h, window.out_w, x.shape[3]}};
  y.is_dynamic = false;
  return StatusCode::kOk;
}

Window MakePoolWindow(const Op& op) {
  Window window = {};
  MakeWindow(op.inputs[0]->shape, op.options.filter_h, op.options.filter_w,
             WithoutDilation(op.options), &window);
  return window;
}

PoolClamp MakePoolClamp(const Op& op) {
  const Tensor& y = *op.outputs[0];
  const QuantizedRange range =
      ActivationRange(op.options.activation, y.type, y.quantization.scale[0],
                      y.quantization.zero_point);
  return {range.low, range.high};
}

}  // namespace sotto::runtime
