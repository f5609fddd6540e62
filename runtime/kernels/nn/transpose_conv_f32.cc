// TRANSPOSE_CONV in f32 (transpose_conv.h), summed in double precision.

#include "runtime/kernels/nn/accumulate.h"
#include "runtime/kernels/nn/transpose_conv.h"

namespace sotto::runtime {
namespace {

StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareTransposeConv(context, op);
  if (code != StatusCode::kOk) return code;
  return CheckF32(context, op, TransposeConvOperands(op));
}

StatusCode Eval(EvalContext& context, const Op& op) {
  TransposeConv conv;
  const StatusCode code = StartTransposeConv(context, op, &conv);
  if (code != StatusCode::kOk) return code;
  ConvolveTransposed(
      conv, op.inputs[2]->shape[0], op.inputs[2]->floats(),
      op.inputs[1]->floats(), op.outputs[0]->floats(),
      [](const float* x, const float* w, std::size_t size) {
        return SumOfProducts(x, w, size);
      },
      FloatFinish(op, op.input(3)));
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kTransposeConvF32Reference = {Prepare, Eval};

}  // namespace sotto::runtime
