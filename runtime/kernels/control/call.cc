// CallOnce: runs a subgraph without inputs and outputs at the first Invoke of
// an interpreter, for example to give variables their first value.
//
// StablehloComposite: y... = decomposition(x...); the name of the composite is
// a hint for backends that know it, the decomposition is its meaning.
//
// Both read subgraph_a.

#include "runtime/core/kernel.h"

namespace sotto::runtime {
namespace {

StatusCode PrepareCallOnce(PrepareContext& context, Op& op) {
  if (!op.inputs.empty() || !op.outputs.empty()) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "takes no inputs and outputs");
  }
  return StatusCode::kOk;
}

StatusCode EvalCallOnce(EvalContext& context, const Op& op) {
  return context.CallOnce(op.options.subgraph_a);
}

StatusCode PrepareComposite(PrepareContext& context, Op& op) {
  for (const Tensor* input : op.inputs) {
    if (input == nullptr) {
      return context.Fail(StatusCode::kInvalidArgument, "an input is absent");
    }
  }
  for (Tensor* output : op.outputs) output->is_dynamic = true;
  return StatusCode::kOk;
}

StatusCode EvalComposite(EvalContext& context, const Op& op) {
  return context.Call(op.options.subgraph_a, op.inputs, op.outputs);
}

}  // namespace

extern const Kernel kCallOnce = {PrepareCallOnce, EvalCallOnce};
extern const Kernel kStablehloComposite = {PrepareComposite, EvalComposite};

}  // namespace sotto::runtime
