// DEPTHWISE_CONV_2D in uint8 (depthwise_conv_2d.h, operands.h): exact sums,
// then Rescaler.

#include "runtime/kernels/nn/depthwise_conv_2d.h"

namespace sotto::runtime {
namespace {

StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareDepthwiseConv2D(context, op);
  if (code != StatusCode::kOk) return code;
  return PrepareQuantized(context, op, DepthwiseConv2DOperands(op),
                          ElementType::kUint8);
}

StatusCode Eval(EvalContext&, const Op& op) {
  const DepthwiseConv2D conv = MakeDepthwiseConv2D(op);
  const Rescaler<std::uint8_t> finish(op, DepthwiseConv2DOperands(op));
  const std::int32_t x_zero = op.inputs[0]->quantization.zero_point;
  const std::int32_t w_zero = op.inputs[1]->quantization.zero_point;
  const std::size_t y_size = conv.window.Pixels() * conv.out;
  for (std::size_t n = 0; n < conv.batch; ++n) {
    ConvolveImageDepthwise(
        conv,
        op.inputs[0]->as<const std::uint8_t>() + n * conv.window.ImageSize(),
        op.inputs[1]->as<const std::uint8_t>(),
        op.outputs[0]->as<std::uint8_t>() + n * y_size,
        [x_zero, w_zero](std::uint8_t x, std::uint8_t w) {
          return std::int64_t{(x - x_zero) * (w - w_zero)};
        },
        finish);
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kDepthwiseConv2DU8Reference = {Prepare, Eval};

}  // namespace sotto::runtime
