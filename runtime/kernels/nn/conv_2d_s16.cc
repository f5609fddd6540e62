// CONV_2D in int16 (conv_2d.h, operands.h): exact sums, then Rescaler.

#include "runtime/kernels/nn/accumulate.h"
#include "runtime/kernels/nn/conv_2d.h"

namespace sotto::runtime {
namespace {

StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareConv2D(context, op);
  if (code != StatusCode::kOk) return code;
  return PrepareQuantized(context, op, Conv2DOperands(op), ElementType::kInt16);
}

StatusCode Eval(EvalContext&, const Op& op) {
  const Conv2D conv = MakeConv2D(op);
  const Rescaler<std::int16_t> finish(op, Conv2DOperands(op));
  const std::size_t y_size = conv.window.Pixels() * conv.out;
  for (std::size_t n = 0; n < conv.batch; ++n) {
    ConvolveImage(
        conv,
        op.inputs[0]->as<const std::int16_t>() + n * conv.window.ImageSize(),
        op.inputs[1]->as<const std::int8_t>(),
        op.outputs[0]->as<std::int16_t>() + n * y_size,
        [](const std::int16_t* x, const std::int8_t* w, std::size_t size) {
          return SumOfProducts(x, w, size, 0, 0);
        },
        finish);
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kConv2DS16Reference = {Prepare, Eval};

}  // namespace sotto::runtime
