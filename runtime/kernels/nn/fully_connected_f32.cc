// FULLY_CONNECTED in f32 (fully_connected.h), summed in double precision.

#include "runtime/kernels/nn/accumulate.h"
#include "runtime/kernels/nn/fully_connected.h"

namespace sotto::runtime {
namespace {

StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareFullyConnected(context, op);
  if (code != StatusCode::kOk) return code;
  return CheckF32(context, op, FullyConnectedOperands(op));
}

StatusCode Eval(EvalContext&, const Op& op) {
  const FullyConnected product = MakeFullyConnected(op);
  const FloatFinish finish(op, op.input(2));
  for (std::size_t n = 0; n < product.batch; ++n) {
    MultiplyRow(
        product, op.inputs[0]->floats() + n * product.depth,
        op.inputs[1]->floats(), op.outputs[0]->floats() + n * product.out,
        [](const float* x, const float* w, std::size_t size) {
          return SumOfProducts(x, w, size);
        },
        finish);
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kFullyConnectedF32Reference = {Prepare, Eval};

}  // namespace sotto::runtime
