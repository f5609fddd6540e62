// AddN: y = x0 + x1 + … in the order of the inputs, of one shape, on f32 and
// int32 (wraps).

#include "runtime/kernels/elementwise/operands.h"

namespace sotto::runtime {
namespace {

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (op.inputs.empty()) {
    return context.Fail(StatusCode::kInvalidArgument, "no inputs");
  }
  const StatusCode code =
      CheckArity(context, op, op.inputs.size(),
                 TypesOf(ElementType::kFloat32, ElementType::kInt32));
  if (code != StatusCode::kOk) return code;
  const Tensor& first = *op.inputs[0];
  for (const Tensor* x : op.inputs) {
    if (x->type != first.type || !(x->shape == first.shape)) {
      return context.Fail(StatusCode::kInvalidArgument,
                          "types or shapes differ");
    }
  }
  if (op.outputs[0]->type != first.type) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "type of the output does not fit the inputs");
  }
  op.outputs[0]->shape = first.shape;
  op.outputs[0]->is_dynamic = false;
  context.AllowInPlace(0, 0);
  return StatusCode::kOk;
}

// T: the type that is added up; unsigned so that integers wrap. Element by
// element, as an input may be listed twice and y may lie in its place.
template <typename T>
void Sum(const Op& op) {
  T* y = op.outputs[0]->as<T>();
  const std::size_t size = op.outputs[0]->shape.Elements();
  for (std::size_t i = 0; i < size; ++i) {
    T sum = op.inputs[0]->as<const T>()[i];
    for (std::size_t k = 1; k < op.inputs.size(); ++k) {
      sum += op.inputs[k]->as<const T>()[i];
    }
    y[i] = sum;
  }
}

StatusCode Eval(EvalContext&, const Op& op) {
  if (op.inputs[0]->type == ElementType::kInt32) {
    Sum<std::uint32_t>(op);
  } else {
    Sum<float>(op);
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kAddN = {Prepare, Eval};

}  // namespace sotto::runtime
