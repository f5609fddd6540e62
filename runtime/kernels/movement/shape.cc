// SHAPE and RANK: what is known of x without its elements.
//
//   in 0   x  any type
//   out 0  y  SHAPE: int32 or int64 [rank of x]; RANK: int32 scalar
//
// SHAPE reads out_type.

#include "runtime/kernels/movement/late_shape.h"

namespace sotto::runtime {
namespace {

StatusCode PrepareShape(PrepareContext& context, Op& op) {
  if (!HasArity(op, 1, 1, 1)) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x -> y");
  }
  Tensor& y = *op.outputs[0];
  if (!IsIntegerList(y) || y.type != op.options.out_type) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "y is not of the integer type that the options name");
  }
  y.is_dynamic = false;
  y.shape = {1, {static_cast<std::int32_t>(op.inputs[0]->shape.rank)}};
  return StatusCode::kOk;
}

StatusCode EvalShape(EvalContext&, const Op& op) {
  const Shape& shape = op.inputs[0]->shape;
  const Tensor& y = *op.outputs[0];
  for (std::size_t i = 0; i < shape.rank; ++i) {
    if (y.type == ElementType::kInt64) {
      y.as<std::int64_t>()[i] = shape[i];
    } else {
      y.as<std::int32_t>()[i] = shape[i];
    }
  }
  return StatusCode::kOk;
}

StatusCode PrepareRank(PrepareContext& context, Op& op) {
  if (!HasArity(op, 1, 1, 1)) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x -> y");
  }
  Tensor& y = *op.outputs[0];
  if (y.type != ElementType::kInt32) {
    return context.Fail(StatusCode::kInvalidArgument, "y is not int32");
  }
  y.is_dynamic = false;
  y.shape = {};
  return StatusCode::kOk;
}

StatusCode EvalRank(EvalContext&, const Op& op) {
  *op.outputs[0]->as<std::int32_t>() =
      static_cast<std::int32_t>(op.inputs[0]->shape.rank);
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kShape = {PrepareShape, EvalShape};
extern const Kernel kRank = {PrepareRank, EvalRank};

}  // namespace sotto::runtime
