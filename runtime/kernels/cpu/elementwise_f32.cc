// Element-wise operators on f32:
//
//   Add, Sub, Mul   y = act(a op b); shapes equal, or b has one element, or b's
//                   shape is the tail of a's (a bias)
//   Relu, ReluN1To1, Relu6, Tanh, Logistic   y = f(x)
//
// Binary ones read activation.

#include <algorithm>
#include <cmath>

#include "runtime/core/kernel.h"
#include "runtime/kernels/activation.h"

namespace sotto::runtime {
namespace {

// b repeats along a: its dimensions are a's last ones, leading ones dropped.
bool IsTail(const Shape& a, const Shape& b) {
  std::size_t skip = 0;
  while (skip < b.rank && b[skip] == 1) ++skip;
  const std::size_t rest = b.rank - skip;
  if (rest > a.rank) return false;
  for (std::size_t i = 0; i < rest; ++i) {
    if (b[skip + i] != a[a.rank - rest + i]) return false;
  }
  return true;
}

StatusCode PrepareBinary(PrepareContext& context, Op& op) {
  if (op.inputs.size() != 2 || op.outputs.size() != 1 ||
      op.inputs[0] == nullptr || op.inputs[1] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument, "wants a, b -> y");
  }
  const Tensor &a = *op.inputs[0], &b = *op.inputs[1];
  if (a.type != ElementType::kFloat32 || b.type != ElementType::kFloat32) {
    return context.Fail(StatusCode::kUnimplemented, "only f32");
  }
  if (!IsTail(a.shape, b.shape)) {
    return context.Fail(StatusCode::kUnimplemented,
                        "b is neither of a's shape nor its tail");
  }
  op.outputs[0]->type = ElementType::kFloat32;
  op.outputs[0]->shape = a.shape;
  return StatusCode::kOk;
}

template <typename F>
void EvalBinary(const Op& op, const F& f) {
  const Tensor &a = *op.inputs[0], &b = *op.inputs[1], &y = *op.outputs[0];
  const std::size_t size = a.shape.Elements(), period = b.shape.Elements();
  for (std::size_t start = 0; start < size; start += period) {
    for (std::size_t i = 0; i < period; ++i) {
      y.floats()[start + i] = f(a.floats()[start + i], b.floats()[i]);
    }
  }
  Activate(op.options.activation, y.floats(), size);
}

StatusCode EvalAdd(EvalContext&, const Op& op) {
  EvalBinary(op, [](float a, float b) { return a + b; });
  return StatusCode::kOk;
}
StatusCode EvalSub(EvalContext&, const Op& op) {
  EvalBinary(op, [](float a, float b) { return a - b; });
  return StatusCode::kOk;
}
StatusCode EvalMul(EvalContext&, const Op& op) {
  EvalBinary(op, [](float a, float b) { return a * b; });
  return StatusCode::kOk;
}

StatusCode PrepareUnary(PrepareContext& context, Op& op) {
  if (op.inputs.size() != 1 || op.outputs.size() != 1 ||
      op.inputs[0] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x -> y");
  }
  if (op.inputs[0]->type != ElementType::kFloat32) {
    return context.Fail(StatusCode::kUnimplemented, "only f32");
  }
  op.outputs[0]->type = ElementType::kFloat32;
  op.outputs[0]->shape = op.inputs[0]->shape;
  return StatusCode::kOk;
}

template <typename F>
void EvalUnary(const Op& op, const F& f) {
  const float* x = op.inputs[0]->floats();
  float* y = op.outputs[0]->floats();
  const std::size_t size = op.inputs[0]->shape.Elements();
  for (std::size_t i = 0; i < size; ++i) y[i] = f(x[i]);
}

template <Activation kind>
StatusCode EvalClamp(EvalContext&, const Op& op) {
  const ClampRange range = RangeOf(kind);
  EvalUnary(op, [range](float x) {
    return std::min(std::max(x, range.low), range.high);
  });
  return StatusCode::kOk;
}

StatusCode EvalTanh(EvalContext&, const Op& op) {
  EvalUnary(op, [](float x) { return std::tanh(x); });
  return StatusCode::kOk;
}
StatusCode EvalLogistic(EvalContext&, const Op& op) {
  EvalUnary(op, [](float x) { return 1.0f / (1.0f + std::exp(-x)); });
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kAddF32 = {PrepareBinary, EvalAdd};
extern const Kernel kSubF32 = {PrepareBinary, EvalSub};
extern const Kernel kMulF32 = {PrepareBinary, EvalMul};
extern const Kernel kReluF32 = {PrepareUnary, EvalClamp<Activation::kRelu>};
extern const Kernel kReluN1To1F32 = {PrepareUnary,
                                     EvalClamp<Activation::kReluN1To1>};
extern const Kernel kRelu6F32 = {PrepareUnary, EvalClamp<Activation::kRelu6>};
extern const Kernel kTanhF32 = {PrepareUnary, EvalTanh};
extern const Kernel kLogisticF32 = {PrepareUnary, EvalLogistic};

}  // namespace sotto::runtime
