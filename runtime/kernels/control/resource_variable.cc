// Resource variables: values that outlive an Invoke and that all subgraphs
// share.
//
//   VarHandle       () -> handle             handle: the variable's number
//   ReadVariable    (handle) -> value        dynamic; refused before the first
//                                            assignment
//   AssignVariable  (handle, value) -> ()
//
// VarHandle reads `resource`.

#include <cstring>

#include "runtime/core/kernel.h"

namespace sotto::runtime {
namespace {

bool IsHandle(const Tensor* t) {
  return t != nullptr && t->type == ElementType::kResource &&
         t->shape.Elements() == 1;
}

StatusCode PrepareHandle(PrepareContext& context, Op& op) {
  if (!op.inputs.empty() || op.outputs.size() != 1 ||
      op.outputs[0]->type != ElementType::kResource ||
      op.options.resource < 0) {
    return context.Fail(StatusCode::kInvalidArgument, "wants () -> handle");
  }
  op.outputs[0]->shape = {.rank = 0, .dims = {}};
  return StatusCode::kOk;
}

StatusCode EvalHandle(EvalContext&, const Op& op) {
  *op.outputs[0]->as<std::int32_t>() = op.options.resource;
  return StatusCode::kOk;
}

StatusCode PrepareRead(PrepareContext& context, Op& op) {
  if (op.inputs.size() != 1 || op.outputs.size() != 1 ||
      !IsHandle(op.inputs[0])) {
    return context.Fail(StatusCode::kInvalidArgument, "wants handle -> value");
  }
  op.outputs[0]->is_dynamic = true;
  return StatusCode::kOk;
}

StatusCode EvalRead(EvalContext& context, const Op& op) {
  const Tensor* variable = context.Variable(*op.inputs[0]->int32s());
  Tensor& value = *op.outputs[0];
  if (variable == nullptr || variable->data == nullptr) {
    return context.Fail(StatusCode::kFailedPrecondition,
                        "the variable was never assigned");
  }
  if (variable->type != value.type) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "the variable has another type");
  }
  if (const StatusCode code = context.Resize(value, variable->shape);
      code != StatusCode::kOk) {
    return code;
  }
  if (value.bytes() > 0) std::memcpy(value.data, variable->data, value.bytes());
  return StatusCode::kOk;
}

StatusCode PrepareAssign(PrepareContext& context, Op& op) {
  if (op.inputs.size() != 2 || !op.outputs.empty() || !IsHandle(op.inputs[0]) ||
      op.inputs[1] == nullptr || ElementBytes(op.inputs[1]->type) == 0) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants handle, value -> ()");
  }
  return StatusCode::kOk;
}

StatusCode EvalAssign(EvalContext& context, const Op& op) {
  Tensor* variable = context.Variable(*op.inputs[0]->int32s());
  const Tensor& value = *op.inputs[1];
  if (variable == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument, "no such variable");
  }
  variable->type = value.type;
  if (const StatusCode code = context.Resize(*variable, value.shape);
      code != StatusCode::kOk) {
    variable->data = nullptr;  // its old bytes do not fit the new type
    return code;
  }
  if (value.bytes() > 0) std::memcpy(variable->data, value.data, value.bytes());
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kVarHandle = {PrepareHandle, EvalHandle};
extern const Kernel kReadVariable = {PrepareRead, EvalRead};
extern const Kernel kAssignVariable = {PrepareAssign, EvalAssign};

}  // namespace sotto::runtime
