// CONV_2D in int8 and uint8, exact (int8_weights.h); shapes as in
// nn/conv_2d.h, without groups, weights and bias constant. DEPTHWISE_CONV_2D of
// one channel is the same product with the weights the other way around:
//
//   in 1   w     [1, filter_h, filter_w, out]
//
// Reads padding, stride, dilation, activation.

#include "runtime/kernels/cpu/int8_conv.h"
#include "runtime/kernels/nn/conv_2d.h"
#include "runtime/kernels/nn/depthwise_conv_2d.h"

namespace sotto::runtime {
namespace {

constexpr std::uint32_t kLayout = 0x49380001, kDepthwiseLayout = 0x49380002;

Int8Weights WeightsOf(const Op& op) {
  const Shape& w = op.inputs[1]->shape;
  const std::size_t size = w.ElementsFrom(1);
  return {.x = op.inputs[0],
          .w = op.inputs[1],
          .bias = op.input(2),
          .y = op.outputs[0],
          .axis = 0,
          .channels = static_cast<std::size_t>(w[0]),
          .channel_step = size,
          .step = 1,
          .size = size,
          .float_product = !(op.inputs[0]->type == ElementType::kInt8)};
}

// For an x of one channel.
Int8Weights DepthwiseWeightsOf(const Op& op) {
  const Shape& w = op.inputs[1]->shape;
  const auto channels = static_cast<std::size_t>(w[3]);
  return {.x = op.inputs[0],
          .w = op.inputs[1],
          .bias = op.input(2),
          .y = op.outputs[0],
          .axis = 3,
          .channels = channels,
          .channel_step = 1,
          .step = channels,
          .size = w.Elements() / channels,
          .float_product = !(op.inputs[0]->type == ElementType::kInt8)};
}

StatusCode Plan(PrepareContext& context, Op& op, const Int8Weights& weights,
                std::uint32_t layout) {
  if (!IsClamp(op.options.activation)) {
    return context.Fail(StatusCode::kUnimplemented,
                        "the fused activation is not a clamp");
  }
  StatusCode code = CheckInt8Weights(context, weights);
  if (code != StatusCode::kOk) return code;
  const Shape &x = op.inputs[0]->shape, &w = op.inputs[1]->shape;
  Window window = {};
  MakeWindow(x, w[1], w[2], op.options, &window);
  Int8Conv* conv = PlanInt8Conv(context, window, static_cast<std::size_t>(x[0]),
                                weights, op.options.activation, &code);
  if (conv == nullptr) return code;
  op.state = conv;
  context.RequestScratch(conv->worker_bytes *
                         static_cast<std::size_t>(context.threads()));
  context.RequestPacked(PackedInt8Bytes(conv->shape, weights), layout);
  return StatusCode::kOk;
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareConv2D(context, op);
  if (code != StatusCode::kOk) return code;
  if (op.inputs[0]->shape[3] != op.inputs[1]->shape[3]) {
    return context.Fail(StatusCode::kUnimplemented, "grouped convolution");
  }
  return Plan(context, op, WeightsOf(op), kLayout);
}

StatusCode PrepareDepthwise(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareDepthwiseConv2D(context, op);
  if (code != StatusCode::kOk) return code;
  if (op.inputs[0]->shape[3] != 1) {
    return context.Fail(StatusCode::kUnimplemented, "x has several channels");
  }
  return Plan(context, op, DepthwiseWeightsOf(op), kDepthwiseLayout);
}

void Pack(const Op& op, const Int8Weights& weights) {
  const auto& conv = *static_cast<const Int8Conv*>(op.state);
  PackInt8(conv.shape, weights, conv.segment_size,
           static_cast<std::uint8_t*>(op.packed));
}

}  // namespace

extern const Kernel kConv2DInt8 = {
    Prepare, EvalInt8Conv, [](const Op& op) { Pack(op, WeightsOf(op)); }};
extern const Kernel kDepthwiseConv2DInt8OneChannel = {
    PrepareDepthwise, EvalInt8Conv,
    [](const Op& op) { Pack(op, DepthwiseWeightsOf(op)); }};

}  // namespace sotto::runtime
