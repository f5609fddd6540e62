// While: y = x; as long as condition(y) { y = body(y) }.
//
//   in   x...  any; as many as outputs, of the same types
//   out  y...  dynamic: the body may change shapes
//
// Reads subgraph_a (condition) and subgraph_b (body). The context bounds the
// calls of one Invoke, so that a loop that does not end cannot hang its reader.

#include <cstring>

#include "runtime/core/kernel.h"

namespace sotto::runtime {
namespace {

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (op.inputs.size() != op.outputs.size()) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "inputs and outputs differ in number");
  }
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    if (op.inputs[i] == nullptr || op.inputs[i]->type != op.outputs[i]->type ||
        ElementBytes(op.inputs[i]->type) == 0) {
      return context.Fail(StatusCode::kInvalidArgument,
                          "an input is absent or of another type than y");
    }
    op.outputs[i]->is_dynamic = true;
  }
  return StatusCode::kOk;
}

StatusCode Eval(EvalContext& context, const Op& op) {
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const Tensor& x = *op.inputs[i];
    if (const StatusCode code = context.Resize(*op.outputs[i], x.shape);
        code != StatusCode::kOk) {
      return code;
    }
    if (x.bytes() > 0) std::memcpy(op.outputs[i]->data, x.data, x.bytes());
  }
  while (true) {
    bool more = false;
    if (const StatusCode code =
            context.CallCondition(op.options.subgraph_a, op.outputs, &more);
        code != StatusCode::kOk) {
      return code;
    }
    if (!more) return StatusCode::kOk;
    if (const StatusCode code =
            context.Call(op.options.subgraph_b, op.outputs, op.outputs);
        code != StatusCode::kOk) {
      return code;
    }
  }
}

}  // namespace

extern const Kernel kWhile = {Prepare, Eval};

}  // namespace sotto::runtime
