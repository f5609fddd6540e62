// What the operators that only move elements share: how they check the tensors
// they are given, and how an output whose shape depends on the values of an
// input gets it, in Prepare where those are constant, else in Eval.

#ifndef SOTTO_RUNTIME_KERNELS_MOVEMENT_LATE_SHAPE_H_
#define SOTTO_RUNTIME_KERNELS_MOVEMENT_LATE_SHAPE_H_

#include <cstddef>

#include "runtime/core/kernel.h"
#include "runtime/kernels/movement/runtime_values.h"

namespace sotto::runtime {

// Why an operator is refused; kOk: it is not.
struct Finding {
  StatusCode code = StatusCode::kOk;
  const char* reason = "";

  bool ok() const { return code == StatusCode::kOk; }
};

inline Finding Invalid(const char* reason) {
  return {StatusCode::kInvalidArgument, reason};
}
inline Finding Unsupported(const char* reason) {
  return {StatusCode::kUnimplemented, reason};
}

template <typename Context>
StatusCode Report(Context& context, const Finding& finding) {
  return finding.ok() ? StatusCode::kOk
                      : context.Fail(finding.code, finding.reason);
}

// Between `least` and `most` inputs, none absent, and `outputs` outputs.
inline bool HasArity(const Op& op, std::size_t least, std::size_t most,
                     std::size_t outputs) {
  if (op.inputs.size() < least || op.inputs.size() > most ||
      op.outputs.size() != outputs) {
    return false;
  }
  for (const Tensor* t : op.inputs) {
    if (t == nullptr) return false;
  }
  for (const Tensor* t : op.outputs) {
    if (t == nullptr) return false;
  }
  return true;
}

// Whether a stored value means the same in both. A tensor without scales holds
// plain integers and says nothing against it.
bool SameMeaning(const Tensor& x, const Tensor& y);

// y takes elements of x as they are: one type, whole bytes, one meaning.
Finding CheckMoved(const Tensor& x, const Tensor& y);

// Infers what Prepare and Eval both can: the shape of output 0 from the shapes
// of the inputs and the values of some.
using InferShape = Finding (*)(const Op& op, Shape* shape);

// Ends Prepare; `known`: the values that `infer` reads are constant.
inline StatusCode ShapeInPrepare(PrepareContext& context, Op& op, bool known,
                                 InferShape infer) {
  Tensor& y = *op.outputs[0];
  y.is_dynamic = !known;
  return known ? Report(context, infer(op, &y.shape)) : StatusCode::kOk;
}

// Begins Eval.
inline StatusCode ShapeInEval(EvalContext& context, const Op& op,
                              InferShape infer) {
  Tensor& y = *op.outputs[0];
  if (!y.is_dynamic) return StatusCode::kOk;
  Shape shape;
  const StatusCode code = Report(context, infer(op, &shape));
  return code == StatusCode::kOk ? context.Resize(y, shape) : code;
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_MOVEMENT_LATE_SHAPE_H_
