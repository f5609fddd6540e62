// Element-wise operators on f32 vectors, shared out over threads:
//
//   Add, Sub, Mul   y = act(a op b)
//   Prelu           y = a where a >= 0, else b a
//   Relu, ReluN1To1, Relu6   y = clamp(x)
//   LeakyRelu       y = x where x >= 0, else alpha x
//   HardSwish       y = x clamp(x + 3, 0, 6) / 6
//
//   in 0   a or x  f32, any shape
//   in 1   b       f32: of a's shape, one element, or of a's last dimensions (a
//                  bias), leading ones of 1 dropped. Add and Mul: or a so of b.
//   out 0  y       f32, the larger shape; may be input 0
//
// Binary ones but Prelu read activation, LeakyRelu alpha. Results are those of
// the formulas in f32, to the bit, except HardSwish: within 3e-7, relative.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/cpu/f32_elementwise.cc"
#include "runtime/kernels/cpu/f32_targets.h"
// f32_targets.h first.
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway asks.
#include <algorithm>
#include <cstring>
#include <utility>

#include "hwy/highway.h"
#include "runtime/core/kernel.h"
#include "runtime/kernels/activation.h"

HWY_BEFORE_NAMESPACE();
namespace sotto::runtime {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// y[i] = f(a[i], b[i]), b one element where `one`.
template <class F>
HWY_INLINE void Map(const float* a, const float* b, bool one, float* y,
                    std::size_t size, const F& f) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  const V same = hn::Set(d, one ? *b : 0.0f);
  std::size_t i = 0;
  if (one) {
    for (; i + lanes <= size; i += lanes) {
      hn::StoreU(f(hn::LoadU(d, a + i), same), d, y + i);
    }
  } else {
    for (; i + lanes <= size; i += lanes) {
      hn::StoreU(f(hn::LoadU(d, a + i), hn::LoadU(d, b + i)), d, y + i);
    }
  }
  if (i == size) return;
  HWY_ALIGN float rest[hn::MaxLanes(D())] = {};
  HWY_ALIGN float other[hn::MaxLanes(D())] = {};
  const std::size_t bytes = (size - i) * sizeof(float);
  std::memcpy(rest, a + i, bytes);
  if (!one) std::memcpy(other, b + i, bytes);
  hn::Store(f(hn::Load(d, rest), one ? same : hn::Load(d, other)), d, rest);
  std::memcpy(y + i, rest, bytes);
}

// By comparisons, which are false for NaN, so that it stays; what Min and Max
// make of it differs from target to target.
HWY_INLINE V Clamp(V v, V low, V high) {
  v = hn::IfThenElse(hn::Lt(v, low), low, v);
  return hn::IfThenElse(hn::Gt(v, high), high, v);
}

void AddRange(const float* a, const float* b, bool one, float* y,
              std::size_t size, ClampRange clamp) {
  const D d;
  const V low = hn::Set(d, clamp.low), high = hn::Set(d, clamp.high);
  Map(a, b, one, y, size,
      [&](V v, V w) HWY_ATTR { return Clamp(hn::Add(v, w), low, high); });
}

void SubRange(const float* a, const float* b, bool one, float* y,
              std::size_t size, ClampRange clamp) {
  const D d;
  const V low = hn::Set(d, clamp.low), high = hn::Set(d, clamp.high);
  Map(a, b, one, y, size,
      [&](V v, V w) HWY_ATTR { return Clamp(hn::Sub(v, w), low, high); });
}

void MulRange(const float* a, const float* b, bool one, float* y,
              std::size_t size, ClampRange clamp) {
  const D d;
  const V low = hn::Set(d, clamp.low), high = hn::Set(d, clamp.high);
  Map(a, b, one, y, size,
      [&](V v, V w) HWY_ATTR { return Clamp(hn::Mul(v, w), low, high); });
}

void PreluRange(const float* a, const float* b, bool one, float* y,
                std::size_t size, ClampRange) {
  const V zero = hn::Zero(D());
  Map(a, b, one, y, size, [&](V v, V w) HWY_ATTR {
    return hn::IfThenElse(hn::Ge(v, zero), v, hn::Mul(w, v));
  });
}

// The unary ones have no b, or their parameter in its place.
void ClampRangeOf(const float* a, const float* b, bool one, float* y,
                  std::size_t size, ClampRange clamp) {
  const D d;
  const V low = hn::Set(d, clamp.low), high = hn::Set(d, clamp.high);
  Map(a, b, one, y, size, [&](V v, V) HWY_ATTR { return Clamp(v, low, high); });
}

void HardSwishRange(const float* a, const float* b, bool one, float* y,
                    std::size_t size, ClampRange) {
  const D d;
  const V zero = hn::Zero(d), three = hn::Set(d, 3.0f), six = hn::Set(d, 6.0f);
  const V sixth = hn::Set(d, 1.0f / 6.0f);
  Map(a, b, one, y, size, [&](V v, V) HWY_ATTR {
    return hn::Mul(v, hn::Mul(Clamp(hn::Add(v, three), zero, six), sixth));
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace sotto::runtime
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sotto::runtime {
namespace {

HWY_EXPORT(AddRange);
HWY_EXPORT(SubRange);
HWY_EXPORT(MulRange);
HWY_EXPORT(PreluRange);
HWY_EXPORT(ClampRangeOf);
HWY_EXPORT(HardSwishRange);

using Range = void (*)(const float* a, const float* b, bool one, float* y,
                       std::size_t size, ClampRange clamp);

constexpr std::size_t kGrain = 1024;  // elements
constexpr std::size_t kElementsPerNs = 6;

// b repeats along a: its dimensions are a's last ones, leading ones dropped.
bool IsTail(const Shape& a, const Shape& b) {
  std::size_t skip = 0;
  while (skip < b.rank && b[skip] == 1) ++skip;
  const std::size_t rest = b.rank - skip;
  if (rest > a.rank || b.rank > a.rank) return false;
  for (std::size_t i = 0; i < rest; ++i) {
    if (b[skip + i] != a[a.rank - rest + i]) return false;
  }
  return true;
}

StatusCode Check(PrepareContext& context, const Op& op, std::size_t inputs) {
  if (op.inputs.size() != inputs || op.outputs.size() != 1 ||
      op.outputs[0] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument, "arity");
  }
  for (const Tensor* input : op.inputs) {
    if (input == nullptr) {
      return context.Fail(StatusCode::kInvalidArgument, "an input is absent");
    }
    if (input->type != ElementType::kFloat32) {
      return context.Fail(StatusCode::kUnimplemented, "only f32");
    }
  }
  if (op.outputs[0]->type != ElementType::kFloat32) {
    return context.Fail(StatusCode::kUnimplemented, "only f32");
  }
  return StatusCode::kOk;
}

StatusCode Finish(PrepareContext& context, Op& op, const Shape& shape) {
  op.outputs[0]->shape = shape;
  op.outputs[0]->is_dynamic = false;
  if (op.inputs[0]->shape == shape) context.AllowInPlace(0, 0);
  return StatusCode::kOk;
}

StatusCode PrepareBinary(PrepareContext& context, Op& op, bool commutes) {
  const StatusCode code = Check(context, op, 2);
  if (code != StatusCode::kOk) return code;
  const Shape &a = op.inputs[0]->shape, &b = op.inputs[1]->shape;
  if (!IsClamp(op.options.activation)) {
    return context.Fail(StatusCode::kUnimplemented, "activation");
  }
  if (IsTail(a, b)) return Finish(context, op, a);
  if (commutes && IsTail(b, a)) return Finish(context, op, b);
  return context.Fail(StatusCode::kUnimplemented, "another broadcast");
}

StatusCode PrepareCommuting(PrepareContext& context, Op& op) {
  return PrepareBinary(context, op, true);
}
StatusCode PrepareOrdered(PrepareContext& context, Op& op) {
  return PrepareBinary(context, op, false);
}

StatusCode PrepareUnary(PrepareContext& context, Op& op) {
  const StatusCode code = Check(context, op, 1);
  if (code != StatusCode::kOk) return code;
  return Finish(context, op, op.inputs[0]->shape);
}

void EvalBinary(EvalContext& context, const Op& op, Range range,
                Activation activation) {
  const Tensor *a = op.inputs[0], *b = op.inputs[1];
  float* y = op.outputs[0]->floats();
  const std::size_t size = op.outputs[0]->shape.Elements();
  if (b->shape.Elements() > a->shape.Elements()) std::swap(a, b);
  const std::size_t period = b->shape.Elements();
  const ClampRange clamp = RangeOf(activation);
  context.ParallelFor(size, kGrain, size / kElementsPerNs,
                      [&](std::size_t begin, std::size_t end, int) {
                        const float *x = a->floats(), *w = b->floats();
                        if (period == 1) {
                          range(x + begin, w, true, y + begin, end - begin,
                                clamp);
                          return;
                        }
                        for (std::size_t i = begin; i < end;) {
                          const std::size_t at = i % period;
                          const std::size_t n = std::min(period - at, end - i);
                          range(x + i, w + at, false, y + i, n, clamp);
                          i += n;
                        }
                      });
}

void EvalUnary(EvalContext& context, const Op& op, Range range, float parameter,
               ClampRange clamp) {
  const float* x = op.inputs[0]->floats();
  float* y = op.outputs[0]->floats();
  const std::size_t size = op.inputs[0]->shape.Elements();
  context.ParallelFor(size, kGrain, size / kElementsPerNs,
                      [&](std::size_t begin, std::size_t end, int) {
                        range(x + begin, &parameter, true, y + begin,
                              end - begin, clamp);
                      });
}

StatusCode EvalAdd(EvalContext& context, const Op& op) {
  EvalBinary(context, op, HWY_DYNAMIC_DISPATCH(AddRange),
             op.options.activation);
  return StatusCode::kOk;
}
StatusCode EvalSub(EvalContext& context, const Op& op) {
  EvalBinary(context, op, HWY_DYNAMIC_DISPATCH(SubRange),
             op.options.activation);
  return StatusCode::kOk;
}
StatusCode EvalMul(EvalContext& context, const Op& op) {
  EvalBinary(context, op, HWY_DYNAMIC_DISPATCH(MulRange),
             op.options.activation);
  return StatusCode::kOk;
}
StatusCode EvalPrelu(EvalContext& context, const Op& op) {
  EvalBinary(context, op, HWY_DYNAMIC_DISPATCH(PreluRange), Activation::kNone);
  return StatusCode::kOk;
}

template <Activation kind>
StatusCode EvalClamp(EvalContext& context, const Op& op) {
  EvalUnary(context, op, HWY_DYNAMIC_DISPATCH(ClampRangeOf), 0.0f,
            RangeOf(kind));
  return StatusCode::kOk;
}
StatusCode EvalLeakyRelu(EvalContext& context, const Op& op) {
  EvalUnary(context, op, HWY_DYNAMIC_DISPATCH(PreluRange), op.options.alpha,
            RangeOf(Activation::kNone));
  return StatusCode::kOk;
}
StatusCode EvalHardSwish(EvalContext& context, const Op& op) {
  EvalUnary(context, op, HWY_DYNAMIC_DISPATCH(HardSwishRange), 0.0f,
            RangeOf(Activation::kNone));
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kVectorAddF32 = {PrepareCommuting, EvalAdd};
extern const Kernel kVectorSubF32 = {PrepareOrdered, EvalSub};
extern const Kernel kVectorMulF32 = {PrepareCommuting, EvalMul};
extern const Kernel kVectorPreluF32 = {PrepareOrdered, EvalPrelu};
extern const Kernel kVectorReluF32 = {PrepareUnary,
                                      EvalClamp<Activation::kRelu>};
extern const Kernel kVectorReluN1To1F32 = {PrepareUnary,
                                           EvalClamp<Activation::kReluN1To1>};
extern const Kernel kVectorRelu6F32 = {PrepareUnary,
                                       EvalClamp<Activation::kRelu6>};
extern const Kernel kVectorLeakyReluF32 = {PrepareUnary, EvalLeakyRelu};
extern const Kernel kVectorHardSwishF32 = {PrepareUnary, EvalHardSwish};

}  // namespace sotto::runtime
#endif  // HWY_ONCE
