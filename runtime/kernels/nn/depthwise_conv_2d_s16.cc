// DEPTHWISE_CONV_2D in int16 (depthwise_conv_2d.h, operands.h): exact sums,
// then Rescaler.

#include "runtime/kernels/nn/depthwise_conv_2d.h"

namespace sotto::runtime {
namespace {

StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareDepthwiseConv2D(context, op);
  if (code != StatusCode::kOk) return code;
  return PrepareQuantized(context, op, DepthwiseConv2DOperands(op),
                          ElementType::kInt16);
}

StatusCode Eval(EvalContext&, const Op& op) {
  const DepthwiseConv2D conv = MakeDepthwiseConv2D(op);
  const Rescaler<std::int16_t> finish(op, DepthwiseConv2DOperands(op));
  const std::size_t y_size = conv.window.Pixels() * conv.out;
  for (std::size_t n = 0; n < conv.batch; ++n) {
    ConvolveImageDepthwise(
        conv,
        op.inputs[0]->as<const std::int16_t>() + n * conv.window.ImageSize(),
        op.inputs[1]->as<const std::int8_t>(),
        op.outputs[0]->as<std::int16_t>() + n * y_size,
        [](std::int16_t x, std::int8_t w) { return std::int64_t{x * w}; },
        finish);
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kDepthwiseConv2DS16Reference = {Prepare, Eval};

}  // namespace sotto::runtime
