// CONV_2D in f32 (conv_2d.h), summed in double precision.

#include "runtime/kernels/nn/accumulate.h"
#include "runtime/kernels/nn/conv_2d.h"

namespace sotto::runtime {
namespace {

StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareConv2D(context, op);
  if (code != StatusCode::kOk) return code;
  return CheckF32(context, op, Conv2DOperands(op));
}

StatusCode Eval(EvalContext&, const Op& op) {
  const Conv2D conv = MakeConv2D(op);
  const FloatFinish finish(op, op.input(2));
  const std::size_t y_size = conv.window.Pixels() * conv.out;
  for (std::size_t n = 0; n < conv.batch; ++n) {
    ConvolveImage(
        conv, op.inputs[0]->floats() + n * conv.window.ImageSize(),
        op.inputs[1]->floats(), op.outputs[0]->floats() + n * y_size,
        [](const float* x, const float* w, std::size_t size) {
          return SumOfProducts(x, w, size);
        },
        finish);
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kConv2DF32Reference = {Prepare, Eval};

}  // namespace sotto::runtime
