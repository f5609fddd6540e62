// FULLY_CONNECTED in int8 and uint8, exact (int8_weights.h); shapes as in
// nn/fully_connected.h, weights and bias constant, int8 weights of zero point
// 0. A row of x is a pixel of a 1 x 1 convolution. Reads activation, keep_dims.

#include "runtime/kernels/cpu/int8_conv.h"
#include "runtime/kernels/nn/fully_connected.h"

namespace sotto::runtime {
namespace {

constexpr std::uint32_t kLayout = 0x49380004;

Int8Weights WeightsOf(const Op& op) {
  const Tensor& w = *op.inputs[1];
  const auto depth = static_cast<std::size_t>(w.shape[1]);
  return {.x = op.inputs[0],
          .w = &w,
          .bias = op.input(2),
          .y = op.outputs[0],
          .axis = 0,
          .channels = static_cast<std::size_t>(w.shape[0]),
          .channel_step = depth,
          .step = 1,
          .size = depth,
          .float_product = w.quantization.count == 1};
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  StatusCode code = PrepareFullyConnected(context, op);
  if (code != StatusCode::kOk) return code;
  if (!IsClamp(op.options.activation)) {
    return context.Fail(StatusCode::kUnimplemented,
                        "the fused activation is not a clamp");
  }
  const Tensor& w = *op.inputs[1];
  if (w.type == ElementType::kInt8 && w.quantization.zero_point != 0) {
    return context.Fail(StatusCode::kUnimplemented,
                        "int8 weights with a zero point");
  }
  const Int8Weights weights = WeightsOf(op);
  code = CheckInt8Weights(context, weights);
  if (code != StatusCode::kOk) return code;
  const FullyConnected product = MakeFullyConnected(op);
  const auto batch = static_cast<std::int32_t>(product.batch);
  const Window window = {.in_h = 1,
                         .in_w = batch,
                         .channels = w.shape[1],
                         .filter_h = 1,
                         .filter_w = 1,
                         .stride_h = 1,
                         .stride_w = 1,
                         .dilation_h = 1,
                         .dilation_w = 1,
                         .pad_top = 0,
                         .pad_left = 0,
                         .out_h = 1,
                         .out_w = batch};
  Int8Conv* conv =
      PlanInt8Conv(context, window, 1, weights, op.options.activation, &code);
  if (conv == nullptr) return code;
  op.state = conv;
  context.RequestScratch(conv->worker_bytes *
                         static_cast<std::size_t>(context.threads()));
  context.RequestPacked(PackedInt8Bytes(conv->shape, weights), kLayout);
  return StatusCode::kOk;
}

void Pack(const Op& op) {
  const auto& conv = *static_cast<const Int8Conv*>(op.state);
  PackInt8(conv.shape, WeightsOf(op), conv.segment_size,
           static_cast<std::uint8_t*>(op.packed));
}

}  // namespace

extern const Kernel kFullyConnectedInt8 = {Prepare, EvalInt8Conv, Pack};

}  // namespace sotto::runtime
