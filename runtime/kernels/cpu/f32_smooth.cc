// Operators made of e^x, on vectors:
//
//   Softmax   y_i = exp(beta (x_i - max x)) / sum_j exp(beta (x_j - max x))
//             over the last dimension; reads beta, positive
//   Logistic  y = 1 / (1 + exp(-x))
//   Tanh      y = -t / (t + 2) with the sign of x, t = exp(-2 |x|) - 1
//
//   in 0   x  f32, any shape
//   out 0  y  f32, same shape; may be x
//
// Within 1e-6, relative, where the result is a normal number.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/cpu/f32_smooth.cc"
#include "runtime/kernels/cpu/f32_targets.h"
// f32_targets.h first.
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "hwy/highway.h"
#include "runtime/core/kernel.h"
#include "runtime/kernels/cpu/f32_exp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sotto::runtime {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// y[i] = f(x[i]); f sees whole vectors, the last one filled up with `padding`.
template <class F>
HWY_INLINE void Map(const float* x, float* y, std::size_t size, float padding,
                    const F& f) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    hn::StoreU(f(hn::LoadU(d, x + i)), d, y + i);
  }
  if (i == size) return;
  HWY_ALIGN float rest[hn::MaxLanes(D())];
  std::fill(rest, rest + lanes, padding);
  std::memcpy(rest, x + i, (size - i) * sizeof(float));
  hn::Store(f(hn::Load(d, rest)), d, rest);
  std::memcpy(y + i, rest, (size - i) * sizeof(float));
}

void LogisticRange(const float* x, float* y, std::size_t size) {
  const D d;
  const V one = hn::Set(d, 1.0f);
  Map(x, y, size, 0.0f, [&](V v) HWY_ATTR {
    return hn::Div(one, hn::Add(one, F32Exp<D>(d, hn::Neg(v)).Exp()));
  });
}

void TanhRange(const float* x, float* y, std::size_t size) {
  const D d;
  const V two = hn::Set(d, 2.0f), minus_two = hn::Set(d, -2.0f);
  Map(x, y, size, 0.0f, [&](V v) HWY_ATTR {
    const V t = F32Exp<D>(d, hn::Mul(hn::Abs(v), minus_two)).MinusOne(d);
    return hn::CopySign(hn::Div(t, hn::Add(t, two)), v);
  });
}

void SoftmaxRow(const float* x, float* y, std::size_t size, float beta) {
  const D d;
  constexpr float kLowest = -std::numeric_limits<float>::infinity();
  V high = hn::Set(d, kLowest);
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    high = hn::Max(high, hn::LoadU(d, x + i));
  }
  float top = hn::GetLane(hn::MaxOfLanes(d, high));
  for (; i < size; ++i) top = std::max(top, x[i]);
  const V from = hn::Set(d, top), factor = hn::Set(d, beta);
  V sum = hn::Zero(d);
  Map(x, y, size, kLowest, [&](V v) HWY_ATTR {
    const V e = F32Exp<D>(d, hn::Mul(hn::Sub(v, from), factor)).Exp();
    sum = hn::Add(sum, e);  // e is 0 in the padding
    return e;
  });
  const V scale = hn::Set(d, 1.0f / hn::GetLane(hn::SumOfLanes(d, sum)));
  Map(y, y, size, 0.0f, [&](V v) HWY_ATTR { return hn::Mul(v, scale); });
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sotto::runtime {
namespace {

HWY_EXPORT(LogisticRange);
HWY_EXPORT(TanhRange);
HWY_EXPORT(SoftmaxRow);

constexpr std::size_t kGrain = 1024;  // elements
constexpr std::size_t kElementsPerNs = 1;

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (op.inputs.size() != 1 || op.outputs.size() != 1 ||
      op.inputs[0] == nullptr || op.outputs[0] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x -> y");
  }
  Tensor& y = *op.outputs[0];
  if (op.inputs[0]->type != ElementType::kFloat32 ||
      y.type != ElementType::kFloat32) {
    return context.Fail(StatusCode::kUnimplemented, "only f32");
  }
  y.shape = op.inputs[0]->shape;
  y.is_dynamic = false;
  context.AllowInPlace(0, 0);
  return StatusCode::kOk;
}

StatusCode PrepareSoftmax(PrepareContext& context, Op& op) {
  const StatusCode code = Prepare(context, op);
  if (code != StatusCode::kOk) return code;
  if (op.inputs[0]->shape.rank < 1) {
    return context.Fail(StatusCode::kInvalidArgument, "x is a scalar");
  }
  if (!std::isfinite(op.options.beta) || op.options.beta <= 0) {
    return context.Fail(StatusCode::kUnimplemented, "beta is not positive");
  }
  return StatusCode::kOk;
}

template <typename Range>
StatusCode EvalMap(EvalContext& context, const Op& op, const Range& range) {
  const float* x = op.inputs[0]->floats();
  float* y = op.outputs[0]->floats();
  const std::size_t size = op.inputs[0]->shape.Elements();
  context.ParallelFor(size, kGrain, size / kElementsPerNs,
                      [&](std::size_t begin, std::size_t end, int) {
                        range(x + begin, y + begin, end - begin);
                      });
  return StatusCode::kOk;
}

StatusCode EvalLogistic(EvalContext& context, const Op& op) {
  return EvalMap(context, op, HWY_DYNAMIC_DISPATCH(LogisticRange));
}

StatusCode EvalTanh(EvalContext& context, const Op& op) {
  return EvalMap(context, op, HWY_DYNAMIC_DISPATCH(TanhRange));
}

StatusCode EvalSoftmax(EvalContext& context, const Op& op) {
  const Tensor& x = *op.inputs[0];
  const std::size_t size = x.shape.Elements();
  if (size == 0) return StatusCode::kOk;
  const auto classes = static_cast<std::size_t>(x.shape[x.shape.rank - 1]);
  const auto row = HWY_DYNAMIC_DISPATCH(SoftmaxRow);
  const float beta = op.options.beta;
  context.ParallelFor(size / classes, 1, size / kElementsPerNs,
                      [&](std::size_t begin, std::size_t end, int) {
                        for (std::size_t i = begin; i < end; ++i) {
                          row(x.floats() + i * classes,
                              op.outputs[0]->floats() + i * classes, classes,
                              beta);
                        }
                      });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kVectorSoftmaxF32 = {PrepareSoftmax, EvalSoftmax};
extern const Kernel kVectorLogisticF32 = {Prepare, EvalLogistic};
extern const Kernel kVectorTanhF32 = {Prepare, EvalTanh};

}  // namespace sotto::runtime
#endif  // HWY_ONCE
