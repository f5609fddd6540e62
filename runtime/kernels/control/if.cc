// If: y... = condition ? then(x...) : otherwise(x...).
//
//   in 0     condition  bool, one element
//   in 1...  x          any; the subgraphs check them
//   out      y          dynamic: the two branches may differ in shape
//
// Reads subgraph_a (then) and subgraph_b (otherwise).

#include "runtime/core/kernel.h"

namespace sotto::runtime {
namespace {

StatusCode Prepare(PrepareContext& context, Op& op) {
  const Tensor* condition = op.input(0);
  if (condition == nullptr || condition->type != ElementType::kBool ||
      condition->shape.Elements() != 1) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "the condition is not one bool");
  }
  for (const Tensor* input : op.inputs) {
    if (input == nullptr) {
      return context.Fail(StatusCode::kInvalidArgument, "an input is absent");
    }
  }
  for (Tensor* output : op.outputs) output->is_dynamic = true;
  return StatusCode::kOk;
}

StatusCode Eval(EvalContext& context, const Op& op) {
  const bool condition = *op.inputs[0]->as<const std::uint8_t>() != 0;
  return context.Call(condition ? op.options.subgraph_a : op.options.subgraph_b,
                      op.inputs.subspan(1), op.outputs);
}

}  // namespace

extern const Kernel kIf = {Prepare, Eval};

}  // namespace sotto::runtime
