// SPLIT and SPLIT_V: x cut into pieces along an axis.
//
//   SPLIT    in 0  axis   int32 or int64, one element
//            in 1  x      any type
//   SPLIT_V  in 0  x      any type
//            in 1  sizes  int32 or int64 [pieces], at most one of them -1
//            in 2  axis
//   out i    y_i          x with dimension `axis` cut
//
// Reads count, which is the number of outputs. SPLIT cuts equal pieces.

#include "runtime/kernels/movement/joined.h"
#include "runtime/kernels/movement/late_shape.h"

namespace sotto::runtime {
namespace {

// Which input is what.
struct Roles {
  const Tensor *x, *sizes, *axis;  // sizes: null for SPLIT
};

Roles SplitRoles(const Op& op) { return {op.inputs[1], nullptr, op.inputs[0]}; }
Roles SplitVRoles(const Op& op) {
  return {op.inputs[0], op.inputs[1], op.inputs[2]};
}

Finding FindAxis(const Roles& in, std::size_t* axis) {
  std::int64_t wanted = 0;
  if (!ReadInteger(*in.axis, &wanted) ||
      !ResolveAxis(wanted, in.x->shape.rank, axis)) {
    return Invalid("axis is not one integer inside x's rank");
  }
  return {};
}

// What the size that is given as -1 stands for, after a check of them all.
Finding SolveSizes(const Roles& in, std::size_t axis, std::size_t pieces,
                   std::int64_t* open) {
  const std::int64_t total = in.x->shape[axis];
  std::int64_t known = 0;
  int unknown = 0;
  for (std::size_t i = 0; i < pieces; ++i) {
    const std::int64_t size = IntegerAt(*in.sizes, i);
    if (size < -1 || size > total) return Invalid("a size is out of range");
    if (size == -1) {
      ++unknown;
    } else {
      known += size;
    }
    if (known > total || unknown > 1) return Invalid("sizes do not fit x");
  }
  *open = total - known;
  if (unknown == 0 && *open != 0) return Invalid("sizes do not fit x");
  return {};
}

// Calls put(output, shape) for every piece.
template <typename Context, typename Put>
StatusCode CutShapes(Context& context, const Roles& in, const Op& op,
                     const Put& put) {
  const auto pieces = op.outputs.size();
  std::size_t axis = 0;
  std::int64_t open = 0;
  Finding finding = FindAxis(in, &axis);
  if (finding.ok() && in.sizes != nullptr) {
    finding = SolveSizes(in, axis, pieces, &open);
  }
  if (!finding.ok()) return Report(context, finding);
  Shape shape = in.x->shape;
  const auto count = static_cast<std::int32_t>(pieces);
  if (in.sizes == nullptr && shape[axis] % count != 0) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "x cannot be cut into equal pieces");
  }
  const std::int32_t equal = shape[axis] / count;
  for (std::size_t i = 0; i < pieces; ++i) {
    std::int64_t size = equal;
    if (in.sizes != nullptr) {
      size = IntegerAt(*in.sizes, i);
      if (size == -1) size = open;
    }
    shape.dims[axis] = static_cast<std::int32_t>(size);
    const StatusCode code = put(*op.outputs[i], shape);
    if (code != StatusCode::kOk) return code;
  }
  return StatusCode::kOk;
}

template <Roles (*kRoles)(const Op&), std::size_t kInputs>
StatusCode Prepare(PrepareContext& context, Op& op) {
  if (!HasArity(op, kInputs, kInputs, op.outputs.size()) ||
      op.options.count < 1 ||
      static_cast<std::int64_t>(op.outputs.size()) != op.options.count) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants x and axis -> as many y as the options count");
  }
  const Roles in = kRoles(op);
  if (!IsIntegerList(*in.axis) ||
      (in.sizes != nullptr &&
       (!IsIntegerList(*in.sizes) ||
        in.sizes->shape.Elements() != op.outputs.size()))) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "axis or sizes are not integers, one for each y");
  }
  const bool known =
      in.axis->is_constant && (in.sizes == nullptr || in.sizes->is_constant);
  for (Tensor* y : op.outputs) {
    const Finding moved = CheckMoved(*in.x, *y);
    if (!moved.ok()) return Report(context, moved);
    y->is_dynamic = !known;
  }
  if (!known) return StatusCode::kOk;
  return CutShapes(context, in, op, [](Tensor& y, const Shape& shape) {
    y.shape = shape;
    return StatusCode::kOk;
  });
}

template <Roles (*kRoles)(const Op&)>
StatusCode Eval(EvalContext& context, const Op& op) {
  const Roles in = kRoles(op);
  if (op.outputs[0]->is_dynamic) {
    const StatusCode code =
        CutShapes(context, in, op, [&context](Tensor& y, const Shape& shape) {
          return context.Resize(y, shape);
        });
    if (code != StatusCode::kOk) return code;
  }
  std::size_t axis = 0;
  const Finding finding = FindAxis(in, &axis);
  if (!finding.ok()) return Report(context, finding);
  if (in.x->shape.Elements() > 0) {
    Cut(*in.x, BlocksBefore(in.x->shape, axis), op.outputs);
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kSplit = {Prepare<SplitRoles, 2>, Eval<SplitRoles>};
extern const Kernel kSplitV = {Prepare<SplitVRoles, 3>, Eval<SplitVRoles>};

}  // namespace sotto::runtime
