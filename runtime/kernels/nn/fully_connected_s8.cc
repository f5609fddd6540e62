// FULLY_CONNECTED in int8 (fully_connected.h, operands.h): exact sums, then
// Rescaler.

#include "runtime/kernels/nn/accumulate.h"
#include "runtime/kernels/nn/fully_connected.h"

namespace sotto::runtime {
namespace {

StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareFullyConnected(context, op);
  if (code != StatusCode::kOk) return code;
  return PrepareQuantized(context, op, FullyConnectedOperands(op),
                          ElementType::kInt8);
}

StatusCode Eval(EvalContext&, const Op& op) {
  const FullyConnected product = MakeFullyConnected(op);
  const Rescaler<std::int8_t> finish(op, FullyConnectedOperands(op));
  const std::int32_t x_zero = op.inputs[0]->quantization.zero_point;
  const std::int32_t w_zero = op.inputs[1]->quantization.zero_point;
  for (std::size_t n = 0; n < product.batch; ++n) {
    MultiplyRow(
        product, op.inputs[0]->as<const std::int8_t>() + n * product.depth,
        op.inputs[1]->as<const std::int8_t>(),
        op.outputs[0]->as<std::int8_t>() + n * product.out,
        [x_zero, w_zero](const std::int8_t* x, const std::int8_t* w,
                         std::size_t size) {
          return SumOfProducts(x, w, size, x_zero, w_zero);
        },
        finish);
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kFullyConnectedS8Reference = {Prepare, Eval};

}  // namespace sotto::runtime
