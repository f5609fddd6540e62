// BATCH_MATMUL in f32 (batch_matmul.h), summed in double precision; and of f32
// with int8, where each row of a is brought to int8 by itself
// (row_quantizer.h), asymmetrically if the option asks for it. Scratch of the
// latter: one row in f32 and in int8.

#include "runtime/kernels/nn/batch_matmul.h"
#include "runtime/kernels/nn/requantize.h"
#include "runtime/kernels/nn/row_quantizer.h"

namespace sotto::runtime {
namespace {

StatusCode PrepareF32(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareBatchMatmul(context, op);
  if (code != StatusCode::kOk) return code;
  constexpr ElementType kType = ElementType::kFloat32;
  if (op.inputs[0]->type != kType || op.inputs[1]->type != kType ||
      op.outputs[0]->type != kType) {
    return context.Fail(StatusCode::kUnimplemented, "only f32");
  }
  return StatusCode::kOk;
}

StatusCode EvalF32(EvalContext&, const Op& op) {
  const BatchMatmul m = MakeBatchMatmul(op);
  MultiplyBatches(
      m, op.inputs[0]->floats(), op.inputs[1]->floats(),
      op.outputs[0]->floats(),
      [&m](const float* a, const float* c) {
        double sum = 0.0;
        for (std::size_t k = 0; k < m.depth; ++k) {
          sum += double{a[k * m.a_depth]} * c[k * m.c_depth];
        }
        return sum;
      },
      [](double sum) { return static_cast<float>(sum); });
  return StatusCode::kOk;
}

StatusCode PrepareHybrid(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareBatchMatmul(context, op);
  if (code != StatusCode::kOk) return code;
  const Tensor &a = *op.inputs[0], &c = *op.inputs[1];
  if (a.type != ElementType::kFloat32 || c.type != ElementType::kInt8 ||
      op.outputs[0]->type != ElementType::kFloat32) {
    return context.Fail(StatusCode::kUnimplemented, "only f32 with int8");
  }
  if (!IsQuantizedPerTensor(c) || c.quantization.zero_point != 0) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants one scale for c and zero point 0");
  }
  const Shape& shape = a.shape;
  const auto depth = static_cast<std::size_t>(
      shape[shape.rank - (op.options.transpose_a ? 2 : 1)]);
  context.RequestScratch(depth * (sizeof(float) + 1));
  return StatusCode::kOk;
}

StatusCode EvalHybrid(EvalContext&, const Op& op) {
  const BatchMatmul m = MakeBatchMatmul(op);
  auto* row = static_cast<float*>(op.scratch);
  auto* quantized = reinterpret_cast<std::int8_t*>(row + m.depth);
  float* y = op.outputs[0]->floats();
  for (std::size_t b = 0; b < m.batches; ++b) {
    const BatchMatmul::Offsets at = m.At(b);
    const std::int8_t* c = op.inputs[1]->as<const std::int8_t>() + at.c;
    for (std::size_t i = 0; i < m.rows; ++i) {
      const float* a = op.inputs[0]->floats() + at.a + i * m.a_row;
      for (std::size_t k = 0; k < m.depth; ++k) row[k] = a[k * m.a_depth];
      const RowQuantization q =
          QuantizeRow(row, m.depth, op.options.asymmetric_inputs, quantized);
      const double scale =
          double{q.scale} * op.inputs[1]->quantization.scale[0];
      for (std::size_t j = 0; j < m.columns; ++j) {
        std::int64_t sum = 0;
        for (std::size_t k = 0; k < m.depth; ++k) {
          sum += (quantized[k] - q.zero) * c[j * m.c_column + k * m.c_depth];
        }
        *y++ = static_cast<float>(scale * static_cast<double>(sum));
      }
    }
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kBatchMatmulF32Reference = {PrepareF32, EvalF32};
extern const Kernel kBatchMatmulHybridReference = {PrepareHybrid, EvalHybrid};

}  // namespace sotto::runtime
