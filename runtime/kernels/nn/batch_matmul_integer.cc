// BATCH_MATMUL in int8 and int16 (batch_matmul.h):
//
//   y = clamp(y_zero + Requantize(sum of (a - a_zero) * (c - c_zero), factor)),
//   factor = a_scale * c_scale / y_scale
//
// Sums are exact in 64 bits: fewer than 2^31 products of at most 2^30. int8
// rescales in 32 bits, where longer sums saturate; int16 in 64.

#include "runtime/kernels/nn/batch_matmul.h"
#include "runtime/kernels/nn/requantize.h"

namespace sotto::runtime {
namespace {

template <ElementType kType>
StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareBatchMatmul(context, op);
  if (code != StatusCode::kOk) return code;
  const Tensor &a = *op.inputs[0], &c = *op.inputs[1], &y = *op.outputs[0];
  if (a.type != kType || c.type != kType || y.type != kType) {
    return context.Fail(StatusCode::kUnimplemented,
                        "not this kernel's types of a, c and y");
  }
  for (const Tensor* t : {&a, &c, &y}) {
    if (!IsQuantizedPerTensor(*t) ||
        (kType == ElementType::kInt16 && t->quantization.zero_point != 0)) {
      return context.Fail(StatusCode::kInvalidArgument,
                          "wants one scale each and fitting zero points");
    }
  }
  return StatusCode::kOk;
}

std::int32_t RescaleSum(std::int64_t sum, FixedPoint factor, std::int8_t) {
  return Requantize(SaturateToInt32(sum), factor);
}
std::int32_t RescaleSum(std::int64_t sum, FixedPoint factor, std::int16_t) {
  return Requantize(sum, factor);
}

template <typename T>
StatusCode Eval(EvalContext&, const Op& op) {
  const BatchMatmul m = MakeBatchMatmul(op);
  const Tensor &a = *op.inputs[0], &c = *op.inputs[1], &y = *op.outputs[0];
  const std::int32_t a_zero = a.quantization.zero_point;
  const std::int32_t c_zero = c.quantization.zero_point;
  const std::int32_t y_zero = y.quantization.zero_point;
  const QuantizedRange range = RangeOf(y.type);
  // In single precision, as the .tflite operator without scales per channel.
  const float product = a.quantization.scale[0] * c.quantization.scale[0];
  const FixedPoint factor =
      ToFixedPoint(double{product} / y.quantization.scale[0]);
  MultiplyBatches(
      m, a.as<const T>(), c.as<const T>(), y.as<T>(),
      [&](const T* row, const T* column) {
        std::int64_t sum = 0;
        for (std::size_t k = 0; k < m.depth; ++k) {
          sum +=
              (row[k * m.a_depth] - a_zero) * (column[k * m.c_depth] - c_zero);
        }
        return sum;
      },
      [&](std::int64_t sum) {
        return static_cast<T>(
            Offset(RescaleSum(sum, factor, T{}), y_zero, range));
      });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kBatchMatmulS8Reference = {Prepare<ElementType::kInt8>,
                                               Eval<std::int8_t>};
extern const Kernel kBatchMatmulS16Reference = {Prepare<ElementType::kInt16>,
                                                Eval<std::int16_t>};

}  // namespace sotto::runtime
