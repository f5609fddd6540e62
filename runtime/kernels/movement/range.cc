// RANGE: start, start + delta, ... up to but without limit.
//
//   in 0-2  start, limit, delta  one element each, f32, int32 or int64
//   out 0   y                    [n], type as they are
//
//   n = ceil((limit - start) / delta) >= 0, in f32 for f32; delta is not 0
//   y[i] = start + i * delta, in double precision for f32
//
// Integers: y[i] lies between start and limit, so it fits; limit - start is
// taken modulo 2^64, where it is exact as an unsigned distance.

#include <cmath>

#include "runtime/kernels/movement/late_shape.h"

namespace sotto::runtime {
namespace {

Finding CountFloats(float start, float limit, float delta, double* count) {
  const float exact = (limit - start) / delta;
  // Also false for NaN.
  if (!(exact >= 0.0f)) return Invalid("delta leads away from limit");
  *count = std::ceil(static_cast<double>(exact));
  return {};
}

Finding CountIntegers(std::int64_t start, std::int64_t limit,
                      std::int64_t delta, double* count) {
  if (delta == 0 || (delta > 0 ? limit < start : limit > start)) {
    return Invalid("delta leads away from limit");
  }
  const auto low = static_cast<std::uint64_t>(delta > 0 ? start : limit);
  const auto high = static_cast<std::uint64_t>(delta > 0 ? limit : start);
  const auto step = delta > 0 ? static_cast<std::uint64_t>(delta)
                              : 0 - static_cast<std::uint64_t>(delta);
  const std::uint64_t distance = high - low;
  *count = static_cast<double>(distance / step + (distance % step != 0));
  return {};
}

Finding Infer(const Op& op, Shape* y) {
  const Tensor &start = *op.inputs[0], &limit = *op.inputs[1],
               &delta = *op.inputs[2];
  double count = 0;
  const Finding finding =
      start.type == ElementType::kFloat32
          ? CountFloats(*start.floats(), *limit.floats(), *delta.floats(),
                        &count)
          : CountIntegers(IntegerAt(start, 0), IntegerAt(limit, 0),
                          IntegerAt(delta, 0), &count);
  if (!finding.ok()) return finding;
  if (!(count < 0x1p31)) return Invalid("y is too large");
  *y = {1, {static_cast<std::int32_t>(count)}};
  return {};
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (!HasArity(op, 3, 3, 1)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants start, limit, delta -> y");
  }
  const ElementType type = op.outputs[0]->type;
  bool known = true;
  for (const Tensor* t : op.inputs) {
    if (t->type != type || t->shape.Elements() != 1) {
      return context.Fail(StatusCode::kInvalidArgument,
                          "start, limit or delta is not one element as y's");
    }
    known = known && t->is_constant;
  }
  if (type != ElementType::kFloat32 && !IsIntegerList(*op.outputs[0])) {
    return context.Fail(StatusCode::kUnimplemented,
                        "only f32, int32 and int64");
  }
  return ShapeInPrepare(context, op, known, Infer);
}

StatusCode Eval(EvalContext& context, const Op& op) {
  const StatusCode code = ShapeInEval(context, op, Infer);
  if (code != StatusCode::kOk) return code;
  const Tensor &start = *op.inputs[0], &delta = *op.inputs[2];
  const Tensor& y = *op.outputs[0];
  const std::size_t count = y.shape.Elements();
  if (count == 0) return StatusCode::kOk;
  if (y.type == ElementType::kFloat32) {
    const double first = double{*start.floats()};
    const double step = double{*delta.floats()};
    for (std::size_t i = 0; i < count; ++i) {
      y.floats()[i] = static_cast<float>(first + static_cast<double>(i) * step);
    }
    return StatusCode::kOk;
  }
  const auto first = static_cast<std::uint64_t>(IntegerAt(start, 0));
  const auto step = static_cast<std::uint64_t>(IntegerAt(delta, 0));
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = static_cast<std::int64_t>(first + i * step);
    if (y.type == ElementType::kInt64) {
      y.as<std::int64_t>()[i] = value;
    } else {
      y.as<std::int32_t>()[i] = static_cast<std::int32_t>(value);
    }
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kRange = {Prepare, Eval};

}  // namespace sotto::runtime
