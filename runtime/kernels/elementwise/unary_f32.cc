// y = f(x) on f32, any shape:
//
//   Abs Neg Sign Square Floor Ceil Round (halves to even) Exp Log Sqrt Rsqrt
//   Sin Cos Tanh Logistic Elu Gelu HardSwish Relu max(x, 0)   Relu6 min(max(x,
//   0), 6)   ReluN1To1 min(max(x, -1), 1) LeakyRelu        x > 0 ? x : alpha x
//
// Outside a function's domain the result is what IEEE 754 gives (log 0 =
// -infinity, sqrt -1 = NaN). Gelu reads approximate, LeakyRelu alpha.

#include <algorithm>
#include <cmath>

#include "runtime/kernels/elementwise/operands.h"
#include "runtime/kernels/elementwise/real_function.h"

namespace sotto::runtime {
namespace {

StatusCode Prepare(PrepareContext& context, Op& op) {
  return PrepareUnary(context, op, TypesOf(ElementType::kFloat32));
}

template <float (*function)(float)>
StatusCode Eval(EvalContext&, const Op& op) {
  ApplyUnary<float, float>(op, [](float x) { return function(x); });
  return StatusCode::kOk;
}

float AbsOf(float x) { return std::fabs(x); }
float NegOf(float x) { return -x; }
float SquareOf(float x) { return x * x; }
float FloorOf(float x) { return std::floor(x); }
float CeilOf(float x) { return std::ceil(x); }
float ExpOf(float x) { return std::exp(x); }
float LogOf(float x) { return std::log(x); }
float SqrtOf(float x) { return std::sqrt(x); }
float SinOf(float x) { return std::sin(x); }
float CosOf(float x) { return std::cos(x); }

template <Activation kind>
StatusCode EvalClamp(EvalContext&, const Op& op) {
  const ClampRange range = RangeOf(kind);
  ApplyUnary<float, float>(op, [range](float x) {
    return std::min(std::max(x, range.low), range.high);
  });
  return StatusCode::kOk;
}

StatusCode EvalLeakyRelu(EvalContext&, const Op& op) {
  const float alpha = op.options.alpha;
  ApplyUnary<float, float>(
      op, [alpha](float x) { return x > 0.0f ? x : alpha * x; });
  return StatusCode::kOk;
}

StatusCode EvalGelu(EvalContext& context, const Op& op) {
  return op.options.approximate ? Eval<GeluApproximateOf>(context, op)
                                : Eval<GeluOf>(context, op);
}

}  // namespace

extern const Kernel kAbsReferenceF32 = {Prepare, Eval<AbsOf>};
extern const Kernel kNegReferenceF32 = {Prepare, Eval<NegOf>};
extern const Kernel kSignReferenceF32 = {Prepare, Eval<SignOf>};
extern const Kernel kSquareReferenceF32 = {Prepare, Eval<SquareOf>};
extern const Kernel kFloorReferenceF32 = {Prepare, Eval<FloorOf>};
extern const Kernel kCeilReferenceF32 = {Prepare, Eval<CeilOf>};
extern const Kernel kRoundReferenceF32 = {Prepare, Eval<RoundOf>};
extern const Kernel kExpReferenceF32 = {Prepare, Eval<ExpOf>};
extern const Kernel kLogReferenceF32 = {Prepare, Eval<LogOf>};
extern const Kernel kSqrtReferenceF32 = {Prepare, Eval<SqrtOf>};
extern const Kernel kRsqrtReferenceF32 = {Prepare, Eval<RsqrtOf>};
extern const Kernel kSinReferenceF32 = {Prepare, Eval<SinOf>};
extern const Kernel kCosReferenceF32 = {Prepare, Eval<CosOf>};
extern const Kernel kTanhReferenceF32 = {Prepare, Eval<TanhOf>};
extern const Kernel kLogisticReferenceF32 = {Prepare, Eval<LogisticOf>};
extern const Kernel kEluReferenceF32 = {Prepare, Eval<EluOf>};
extern const Kernel kHardSwishReferenceF32 = {Prepare, Eval<HardSwishOf>};
extern const Kernel kGeluReferenceF32 = {Prepare, EvalGelu};
extern const Kernel kReluReferenceF32 = {Prepare, EvalClamp<Activation::kRelu>};
extern const Kernel kReluN1To1ReferenceF32 = {
    Prepare, EvalClamp<Activation::kReluN1To1>};
extern const Kernel kRelu6ReferenceF32 = {Prepare,
                                          EvalClamp<Activation::kRelu6>};
extern const Kernel kLeakyReluReferenceF32 = {Prepare, EvalLeakyRelu};

}  // namespace sotto::runtime
