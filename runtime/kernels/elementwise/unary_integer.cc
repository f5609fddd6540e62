// Unary operators on integers that are not quantised, and those that look at no
// value:
//
//   Abs         int32, int16 (without a scale)   wraps at the lowest value
//   Neg         int32, int64                     wraps at the lowest value
//   Sign        int32                            -1, 0 or 1
//   Square      int32, int64                     wraps
//   ZerosLike   any type without a scale         0 in x's shape
//   ComplexAbs  complex64 -> f32                 the absolute value

#include <cmath>
#include <cstring>
#include <type_traits>

#include "runtime/kernels/elementwise/operands.h"

namespace sotto::runtime {
namespace {

constexpr TypeSet kInt32 = TypesOf(ElementType::kInt32);
constexpr TypeSet kWide = TypesOf(ElementType::kInt32, ElementType::kInt64);

template <TypeSet types>
StatusCode Prepare(PrepareContext& context, Op& op) {
  return PrepareUnary(context, op, types);
}

StatusCode PrepareAbs(PrepareContext& context, Op& op) {
  const StatusCode code =
      PrepareUnary(context, op, kInt32 | TypesOf(ElementType::kInt16));
  if (code != StatusCode::kOk) return code;
  if (op.inputs[0]->type == ElementType::kInt16 &&
      op.inputs[0]->quantization.count != 0) {
    return context.Fail(StatusCode::kUnimplemented, "int16 has a scale");
  }
  return StatusCode::kOk;
}

struct NegOf {
  template <typename T>
  T operator()(T x) const {
    return static_cast<T>(std::make_unsigned_t<T>{0} -
                          static_cast<std::make_unsigned_t<T>>(x));
  }
};
struct AbsOf {
  template <typename T>
  T operator()(T x) const {
    return x < 0 ? NegOf{}(x) : x;
  }
};
struct SquareOf {
  template <typename T>
  T operator()(T x) const {
    const auto bits = static_cast<std::make_unsigned_t<T>>(x);
    return static_cast<T>(bits * bits);
  }
};
struct SignOf {
  template <typename T>
  T operator()(T x) const {
    return static_cast<T>((x > 0) - (x < 0));
  }
};

template <typename F>
StatusCode Eval(EvalContext&, const Op& op) {
  if (op.inputs[0]->type == ElementType::kInt64) {
    ApplyUnary<std::int64_t, std::int64_t>(op, F{});
  } else {
    ApplyUnary<std::int32_t, std::int32_t>(op, F{});
  }
  return StatusCode::kOk;
}

StatusCode EvalAbs(EvalContext&, const Op& op) {
  if (op.inputs[0]->type == ElementType::kInt16) {
    ApplyUnary<std::int16_t, std::int16_t>(op, AbsOf{});
  } else {
    ApplyUnary<std::int32_t, std::int32_t>(op, AbsOf{});
  }
  return StatusCode::kOk;
}

StatusCode PrepareZerosLike(PrepareContext& context, Op& op) {
  const StatusCode code = PrepareUnary(context, op, ~TypeSet{0});
  if (code != StatusCode::kOk) return code;
  if (ElementBytes(op.inputs[0]->type) == 0 ||
      op.outputs[0]->quantization.count != 0) {
    return context.Fail(StatusCode::kUnimplemented,
                        "a type of no whole bytes, or with a scale");
  }
  return StatusCode::kOk;
}

StatusCode EvalZerosLike(EvalContext&, const Op& op) {
  const Tensor& y = *op.outputs[0];
  if (y.bytes() != 0) std::memset(y.data, 0, y.bytes());
  return StatusCode::kOk;
}

StatusCode PrepareComplexAbs(PrepareContext& context, Op& op) {
  return PrepareUnary(context, op, TypesOf(ElementType::kComplex64),
                      ElementType::kFloat32);
}

StatusCode EvalComplexAbs(EvalContext&, const Op& op) {
  const float* x = op.inputs[0]->floats();
  float* y = op.outputs[0]->floats();
  const std::size_t size = op.inputs[0]->shape.Elements();
  for (std::size_t i = 0; i < size; ++i) {
    y[i] = std::hypot(x[2 * i], x[2 * i + 1]);
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kAbsInteger = {PrepareAbs, EvalAbs};
extern const Kernel kNegInteger = {Prepare<kWide>, Eval<NegOf>};
extern const Kernel kSignInteger = {Prepare<kInt32>, Eval<SignOf>};
extern const Kernel kSquareInteger = {Prepare<kWide>, Eval<SquareOf>};
extern const Kernel kZerosLike = {PrepareZerosLike, EvalZerosLike};
extern const Kernel kComplexAbs = {PrepareComplexAbs, EvalComplexAbs};

}  // namespace sotto::runtime
