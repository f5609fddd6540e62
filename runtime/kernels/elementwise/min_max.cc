// Minimum, Maximum: the smaller or larger of a and b, with any numpy broadcast,
// on f32, int32, int64, int16, int8 and uint8. Quantised integers are compared
// as they are stored, so a, b and y must have the same scale and zero point.
// Of a NaN and a number, b is the result, as in `a < b ? a : b`.

#include "runtime/kernels/elementwise/broadcast.h"
#include "runtime/kernels/elementwise/operands.h"

namespace sotto::runtime {
namespace {

struct MinimumOf {
  template <typename T>
  T operator()(T a, T b) const {
    return a < b ? a : b;
  }
};
struct MaximumOf {
  template <typename T>
  T operator()(T a, T b) const {
    return a > b ? a : b;
  }
};

StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareBinary(
      context, op,
      kQuantizedTypes | TypesOf(ElementType::kFloat32, ElementType::kInt32,
                                ElementType::kInt64));
  if (code != StatusCode::kOk) return code;
  if (Contains(kQuantizedTypes, op.inputs[0]->type) &&
      (!SameQuantization(*op.inputs[0], *op.inputs[1]) ||
       !SameQuantization(*op.inputs[0], *op.outputs[0]))) {
    return context.Fail(StatusCode::kUnimplemented, "scales differ");
  }
  return StatusCode::kOk;
}

template <typename T, typename F>
void EvalAs(const Op& op) {
  ApplyBinary<T, T>(*op.inputs[0], *op.inputs[1], *op.outputs[0], F{});
}

template <typename F>
StatusCode Eval(EvalContext&, const Op& op) {
  switch (op.inputs[0]->type) {
    case ElementType::kInt8:
      EvalAs<std::int8_t, F>(op);
      break;
    case ElementType::kUint8:
      EvalAs<std::uint8_t, F>(op);
      break;
    case ElementType::kInt16:
      EvalAs<std::int16_t, F>(op);
      break;
    case ElementType::kInt32:
      EvalAs<std::int32_t, F>(op);
      break;
    case ElementType::kInt64:
      EvalAs<std::int64_t, F>(op);
      break;
    default:
      EvalAs<float, F>(op);
      break;
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kMinimum = {Prepare, Eval<MinimumOf>};
extern const Kernel kMaximum = {Prepare, Eval<MaximumOf>};

}  // namespace sotto::runtime
