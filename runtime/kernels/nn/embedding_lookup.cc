// EMBEDDING_LOOKUP: y[i] = table[ids[i]], whole rows.
//
//   in 0   ids    int32 [count], each in [0, rows)
//   in 1   table  [rows, ...]
//   out 0  y      [count, ...]
//
// y has the table's type (f32, int8, uint8) and then its scale; or y is f32 and
// the table int8 with one scale, or one per row, and zero point 0: then
// y = scale * table.

#include <cmath>
#include <cstring>

#include "runtime/kernels/nn/requantize.h"

namespace sotto::runtime {
namespace {

StatusCode CheckOperands(PrepareContext& context, Op& op) {
  if (op.inputs.size() != 2 || op.outputs.size() != 1 ||
      op.inputs[0] == nullptr || op.inputs[1] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument, "wants ids, table -> y");
  }
  const Tensor &ids = *op.inputs[0], &table = *op.inputs[1];
  if (ids.type != ElementType::kInt32) {
    return context.Fail(StatusCode::kUnimplemented, "only int32 ids");
  }
  if (ids.shape.rank != 1 || table.shape.rank < 1) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants ids [count] and a table [rows, ...]");
  }
  op.outputs[0]->shape = table.shape;
  op.outputs[0]->shape.dims[0] = ids.shape[0];
  op.outputs[0]->is_dynamic = false;
  return StatusCode::kOk;
}

StatusCode PrepareCopy(PrepareContext& context, Op& op) {
  const StatusCode code = CheckOperands(context, op);
  if (code != StatusCode::kOk) return code;
  const Tensor &table = *op.inputs[1], &y = *op.outputs[0];
  const bool f32 = table.type == ElementType::kFloat32;
  if (y.type != table.type || !(f32 || table.type == ElementType::kInt8 ||
                                table.type == ElementType::kUint8)) {
    return context.Fail(StatusCode::kUnimplemented,
                        "only f32, int8 and uint8, the same in table and y");
  }
  const TensorQuantization &from = table.quantization, &to = y.quantization;
  if (!f32 && (from.count > 0 || to.count > 0) &&
      !(IsQuantizedPerTensor(table) && IsQuantizedPerTensor(y) &&
        from.zero_point == to.zero_point &&
        std::abs(from.scale[0] - to.scale[0]) <= 1e-3f * to.scale[0])) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "table and y differ in scale or zero point");
  }
  return StatusCode::kOk;
}

StatusCode PrepareDequantize(PrepareContext& context, Op& op) {
  const StatusCode code = CheckOperands(context, op);
  if (code != StatusCode::kOk) return code;
  if (op.inputs[1]->type != ElementType::kInt8 ||
      op.outputs[0]->type != ElementType::kFloat32) {
    return context.Fail(StatusCode::kUnimplemented, "only int8 to f32");
  }
  if (!IsQuantizedSymmetric(*op.inputs[1], 0)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants a table with scales and zero point 0");
  }
  return StatusCode::kOk;
}

// Calls row(id, i, elements of a row); INVALID_ARGUMENT for an id out of range.
template <typename Row>
StatusCode ForEachId(EvalContext& context, const Op& op, const Row& row) {
  const Tensor& table = *op.inputs[1];
  const auto count = static_cast<std::size_t>(op.inputs[0]->shape[0]);
  const std::size_t size = table.shape.ElementsFrom(1);
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t id = op.inputs[0]->int32s()[i];
    if (id < 0 || id >= table.shape[0]) {
      return context.Fail(StatusCode::kInvalidArgument,
                          "an id is outside the table");
    }
    row(static_cast<std::size_t>(id), i, size);
  }
  return StatusCode::kOk;
}

StatusCode EvalCopy(EvalContext& context, const Op& op) {
  const Tensor& table = *op.inputs[1];
  const std::size_t bytes = ElementBytes(table.type);
  const auto* from = table.as<const std::uint8_t>();
  auto* to = op.outputs[0]->as<std::uint8_t>();
  return ForEachId(context, op,
                   [&](std::size_t id, std::size_t i, std::size_t size) {
                     if (size == 0) return;
                     std::memcpy(to + i * size * bytes,
                                 from + id * size * bytes, size * bytes);
                   });
}

StatusCode EvalDequantize(EvalContext& context, const Op& op) {
  const Tensor& table = *op.inputs[1];
  return ForEachId(
      context, op, [&](std::size_t id, std::size_t i, std::size_t size) {
        const float scale = ScaleOf(table, id);
        const auto* from = table.as<const std::int8_t>() + id * size;
        float* to = op.outputs[0]->floats() + i * size;
        for (std::size_t k = 0; k < size; ++k) to[k] = scale * from[k];
      });
}

}  // namespace

extern const Kernel kEmbeddingLookupReference = {PrepareCopy, EvalCopy};
extern const Kernel kEmbeddingLookupHybridReference = {PrepareDequantize,
                                                       EvalDequantize};

}  // namespace sotto::runtime
