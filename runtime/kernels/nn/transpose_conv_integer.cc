// TRANSPOSE_CONV in int8, uint8 and int16 (transpose_conv.h, operands.h): exact
// sums, then Rescaler.

#include "runtime/kernels/nn/accumulate.h"
#include "runtime/kernels/nn/transpose_conv.h"

namespace sotto::runtime {
namespace {

template <ElementType kType>
StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareTransposeConv(context, op);
  if (code != StatusCode::kOk) return code;
  return PrepareQuantized(context, op, TransposeConvOperands(op), kType);
}

template <typename T, typename W>
StatusCode Eval(EvalContext& context, const Op& op) {
  TransposeConv conv;
  const StatusCode code = StartTransposeConv(context, op, &conv);
  if (code != StatusCode::kOk) return code;
  const std::int32_t x_zero = op.inputs[2]->quantization.zero_point;
  const std::int32_t w_zero = op.inputs[1]->quantization.zero_point;
  ConvolveTransposed(
      conv, op.inputs[2]->shape[0], op.inputs[2]->as<const T>(),
      op.inputs[1]->as<const W>(), op.outputs[0]->as<T>(),
      [x_zero, w_zero](const T* x, const W* w, std::size_t size) {
        return SumOfProducts(x, w, size, x_zero, w_zero);
      },
      Rescaler<T>(op, TransposeConvOperands(op)));
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kTransposeConvS8Reference = {
    Prepare<ElementType::kInt8>, Eval<std::int8_t, std::int8_t>};
extern const Kernel kTransposeConvU8Reference = {
    Prepare<ElementType::kUint8>, Eval<std::uint8_t, std::uint8_t>};
extern const Kernel kTransposeConvS16Reference = {
    Prepare<ElementType::kInt16>, Eval<std::int16_t, std::int8_t>};

}  // namespace sotto::runtime
