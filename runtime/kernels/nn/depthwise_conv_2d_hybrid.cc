// DEPTHWISE_CONV_2D of f32 with int8 weights (depthwise_conv_2d.h,
// row_quantizer.h):
//
//   y = clamp(x_scale * w_scale[o] * sum of (q - zero) * w + bias[o])
//
// with each image brought to int8 by itself, asymmetrically, as LiteRT does.
// Scratch: one image of int8.

#include "runtime/kernels/nn/depthwise_conv_2d.h"
#include "runtime/kernels/nn/row_quantizer.h"

namespace sotto::runtime {
namespace {

StatusCode Prepare(PrepareContext& context, Op& op) {
  StatusCode code = PrepareDepthwiseConv2D(context, op);
  if (code != StatusCode::kOk) return code;
  code = CheckHybrid(context, op, DepthwiseConv2DOperands(op));
  if (code != StatusCode::kOk) return code;
  const Shape& x = op.inputs[0]->shape;
  context.RequestScratch(x[0] == 0 ? 0 : x.ElementsFrom(1));
  return StatusCode::kOk;
}

StatusCode Eval(EvalContext&, const Op& op) {
  const DepthwiseConv2D conv = MakeDepthwiseConv2D(op);
  const Tensor& weights = *op.inputs[1];
  const FloatFinish finish(op, op.input(2));
  const std::size_t x_size = conv.window.ImageSize();
  const std::size_t y_size = conv.window.Pixels() * conv.out;
  auto* image = static_cast<std::int8_t*>(op.scratch);
  for (std::size_t n = 0; n < conv.batch; ++n) {
    const RowQuantization row = QuantizeRow(op.inputs[0]->floats() + n * x_size,
                                            x_size, /*asymmetric=*/true, image);
    ConvolveImageDepthwise(
        conv, image, weights.as<const std::int8_t>(),
        op.outputs[0]->floats() + n * y_size,
        [&row](std::int8_t x, std::int8_t w) {
          return std::int64_t{(x - row.zero) * w};
        },
        [&](std::int64_t sum, std::size_t o) {
          const double scale = double{row.scale} * ScaleOf(weights, o);
          return finish(scale * static_cast<double>(sum), o);
        });
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kDepthwiseConv2DHybridReference = {Prepare, Eval};

}  // namespace sotto::runtime
