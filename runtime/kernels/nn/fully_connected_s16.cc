// FULLY_CONNECTED in int16 (fully_connected.h, operands.h): exact sums, then
// Rescaler.

#include "runtime/kernels/nn/accumulate.h"
#include "runtime/kernels/nn/fully_connected.h"

namespace sotto::runtime {
namespace {

StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareFullyConnected(context, op);
  if (code != StatusCode::kOk) return code;
  return PrepareQuantized(context, op, FullyConnectedOperands(op),
                          ElementType::kInt16);
}

StatusCode Eval(EvalContext&, const Op& op) {
  const FullyConnected product = MakeFullyConnected(op);
  const Rescaler<std::int16_t> finish(op, FullyConnectedOperands(op));
  for (std::size_t n = 0; n < product.batch; ++n) {
    MultiplyRow(
        product, op.inputs[0]->as<const std::int16_t>() + n * product.depth,
        op.inputs[1]->as<const std::int8_t>(),
        op.outputs[0]->as<std::int16_t>() + n * product.out,
        [](const std::int16_t* x, const std::int8_t* w, std::size_t size) {
          return SumOfProducts(x, w, size, 0, 0);
        },
        finish);
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kFullyConnectedS16Reference = {Prepare, Eval};

}  // namespace sotto::runtime
