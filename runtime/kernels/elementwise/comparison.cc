// Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual: bool y = a op b,
// with any numpy broadcast.
//
//   f32, int32, int64   as they are; a NaN is unequal to everything
//   bool                Equal and NotEqual; any byte but 0 is true
//   int8, uint8, int16  the real values, exactly: scale * (stored - zero point)
//                       has at most 24 + 17 bits, so a double holds it. Without
//                       scales, as they are.

#include "runtime/kernels/elementwise/broadcast.h"
#include "runtime/kernels/elementwise/operands.h"

namespace sotto::runtime {
namespace {

constexpr TypeSet kOrdered =
    kQuantizedTypes |
    TypesOf(ElementType::kFloat32, ElementType::kInt32, ElementType::kInt64);

// Relation of two values of any type.
struct EqualTo {
  static constexpr TypeSet kTypes = kOrdered | TypesOf(ElementType::kBool);
  template <typename T>
  bool operator()(T a, T b) const {
    return a == b;
  }
};
struct NotEqualTo {
  static constexpr TypeSet kTypes = kOrdered | TypesOf(ElementType::kBool);
  template <typename T>
  bool operator()(T a, T b) const {
    return a != b;
  }
};
struct LessThan {
  static constexpr TypeSet kTypes = kOrdered;
  template <typename T>
  bool operator()(T a, T b) const {
    return a < b;
  }
};
struct LessOrEqual {
  static constexpr TypeSet kTypes = kOrdered;
  template <typename T>
  bool operator()(T a, T b) const {
    return a <= b;
  }
};
struct GreaterThan {
  static constexpr TypeSet kTypes = kOrdered;
  template <typename T>
  bool operator()(T a, T b) const {
    return a > b;
  }
};
struct GreaterOrEqual {
  static constexpr TypeSet kTypes = kOrdered;
  template <typename T>
  bool operator()(T a, T b) const {
    return a >= b;
  }
};

template <typename F>
StatusCode Prepare(PrepareContext& context, Op& op) {
  const StatusCode code =
      PrepareBinary(context, op, F::kTypes, ElementType::kBool);
  if (code != StatusCode::kOk) return code;
  const Tensor &a = *op.inputs[0], &b = *op.inputs[1];
  if (Contains(kQuantizedTypes, a.type) && !SameQuantization(a, b) &&
      (!IsQuantizedPerTensor(a) || !IsQuantizedPerTensor(b))) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "an input lacks a scale, or its zero point is out of "
                        "range");
  }
  return StatusCode::kOk;
}

template <typename T, typename F>
void EvalAs(const Op& op) {
  ApplyBinary<T, std::uint8_t>(
      *op.inputs[0], *op.inputs[1], *op.outputs[0],
      [](T a, T b) -> std::uint8_t { return F{}(a, b); });
}

template <typename T, typename F>
void EvalQuantized(const Op& op) {
  const Tensor &a = *op.inputs[0], &b = *op.inputs[1];
  if (SameQuantization(a, b)) {
    EvalAs<T, F>(op);
    return;
  }
  const double a_scale = *a.quantization.scale, b_scale = *b.quantization.scale;
  const std::int32_t a_zero = a.quantization.zero_point;
  const std::int32_t b_zero = b.quantization.zero_point;
  ApplyBinary<T, std::uint8_t>(
      a, b, *op.outputs[0], [=](T p, T q) -> std::uint8_t {
        return F{}(a_scale * (p - a_zero), b_scale * (q - b_zero));
      });
}

template <typename F>
StatusCode Eval(EvalContext&, const Op& op) {
  switch (op.inputs[0]->type) {
    case ElementType::kInt8:
      EvalQuantized<std::int8_t, F>(op);
      break;
    case ElementType::kUint8:
      EvalQuantized<std::uint8_t, F>(op);
      break;
    case ElementType::kInt16:
      EvalQuantized<std::int16_t, F>(op);
      break;
    case ElementType::kBool:
      ApplyBinary<std::uint8_t, std::uint8_t>(
          *op.inputs[0], *op.inputs[1], *op.outputs[0],
          [](std::uint8_t a, std::uint8_t b) -> std::uint8_t {
            return F{}(a != 0, b != 0);
          });
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

extern const Kernel kEqual = {Prepare<EqualTo>, Eval<EqualTo>};
extern const Kernel kNotEqual = {Prepare<NotEqualTo>, Eval<NotEqualTo>};
extern const Kernel kLess = {Prepare<LessThan>, Eval<LessThan>};
extern const Kernel kLessEqual = {Prepare<LessOrEqual>, Eval<LessOrEqual>};
extern const Kernel kGreater = {Prepare<GreaterThan>, Eval<GreaterThan>};
extern const Kernel kGreaterEqual = {Prepare<GreaterOrEqual>,
                                     Eval<GreaterOrEqual>};

}  // namespace sotto::runtime
