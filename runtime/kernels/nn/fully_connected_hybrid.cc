// FULLY_CONNECTED of f32 with int8 weights (fully_connected.h,
// row_quantizer.h):
//
//   y = clamp(x_scale * w_scale[o] * sum of (q - zero) * w + bias[o])
//
// with each row of x brought to int8 by itself, asymmetrically if the option
// asks for it. Scratch: one row of int8.

#include "runtime/kernels/nn/accumulate.h"
#include "runtime/kernels/nn/fully_connected.h"
#include "runtime/kernels/nn/row_quantizer.h"

namespace sotto::runtime {
namespace {

StatusCode Prepare(PrepareContext& context, Op& op) {
  StatusCode code = PrepareFullyConnected(context, op);
  if (code != StatusCode::kOk) return code;
  code = CheckHybrid(context, op, FullyConnectedOperands(op));
  if (code != StatusCode::kOk) return code;
  context.RequestScratch(static_cast<std::size_t>(op.inputs[1]->shape[1]));
  return StatusCode::kOk;
}

StatusCode Eval(EvalContext&, const Op& op) {
  const FullyConnected product = MakeFullyConnected(op);
  const Tensor& weights = *op.inputs[1];
  const FloatFinish finish(op, op.input(2));
  auto* quantized = static_cast<std::int8_t*>(op.scratch);
  for (std::size_t n = 0; n < product.batch; ++n) {
    const RowQuantization row =
        QuantizeRow(op.inputs[0]->floats() + n * product.depth, product.depth,
                    op.options.asymmetric_inputs, quantized);
    MultiplyRow(
        product, quantized, weights.as<const std::int8_t>(),
        op.outputs[0]->floats() + n * product.out,
        [&row](const std::int8_t* x, const std::int8_t* w, std::size_t size) {
          return SumOfProducts(x, w, size, row.zero, 0);
        },
        [&](std::int64_t sum, std::size_t o) {
          const double scale = double{row.scale} * ScaleOf(weights, o);
          return finish(scale * static_cast<double>(sum), o);
        });
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kFullyConnectedHybridReference = {Prepare, Eval};

}  // namespace sotto::runtime
