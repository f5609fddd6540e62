// DEPTHWISE_CONV_2D in f32 (depthwise_conv_2d.h), summed in double precision.

#include "runtime/kernels/nn/depthwise_conv_2d.h"

namespace sotto::runtime {
namespace {

StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareDepthwiseConv2D(context, op);
  if (code != StatusCode::kOk) return code;
  return CheckF32(context, op, DepthwiseConv2DOperands(op));
}

StatusCode Eval(EvalContext&, const Op& op) {
  const DepthwiseConv2D conv = MakeDepthwiseConv2D(op);
  const FloatFinish finish(op, op.input(2));
  const std::size_t y_size = conv.window.Pixels() * conv.out;
  for (std::size_t n = 0; n < conv.batch; ++n) {
    ConvolveImageDepthwise(
        conv, op.inputs[0]->floats() + n * conv.window.ImageSize(),
        op.inputs[1]->floats(), op.outputs[0]->floats() + n * y_size,
        [](float x, float w) { return double{x} * w; }, finish);
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kDepthwiseConv2DF32Reference = {Prepare, Eval};

}  // namespace sotto::runtime
