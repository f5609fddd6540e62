// Reshape and Squeeze: the same elements under another shape.
//
//   in 0   x      f32, any shape
//   in 1   shape  int32 [rank], constant, may be absent (then new_shape)
//   out 0  y      f32
//
// One dimension may be -1. A file made for batch 1 also runs at batch n: when
// the given shape starts with 1 and does not fit, its first dimension is taken
// as -1.

#include <cstring>

#include "runtime/core/kernel.h"

namespace sotto::runtime {
namespace {

// Solves for at most one -1. False: more than one, a zero, or no fit.
bool Solve(const Shape& wanted, std::size_t elements, Shape* out) {
  std::size_t known = 1;
  int open = -1;
  for (std::size_t i = 0; i < wanted.rank; ++i) {
    if (wanted[i] == -1) {
      if (open >= 0) return false;
      open = static_cast<int>(i);
    } else if (wanted[i] < 1) {
      return false;
    } else {
      known *= static_cast<std::size_t>(wanted[i]);
      if (known > elements) return false;
    }
  }
  *out = wanted;
  if (open < 0) return known == elements;
  if (elements % known != 0) return false;
  out->dims[static_cast<std::size_t>(open)] =
      static_cast<std::int32_t>(elements / known);
  return true;
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (op.inputs.empty() || op.inputs.size() > 2 || op.outputs.size() != 1 ||
      op.inputs[0] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x[, shape] -> y");
  }
  const Tensor& x = *op.inputs[0];
  if (x.type != ElementType::kFloat32) {
    return context.Fail(StatusCode::kUnimplemented, "only f32");
  }
  Shape wanted;
  const Tensor* shape = op.inputs.size() == 2 ? op.inputs[1] : nullptr;
  if (shape != nullptr) {
    if (shape->type != ElementType::kInt32 || shape->shape.rank != 1 ||
        !shape->is_constant) {
      return context.Fail(StatusCode::kUnimplemented,
                          "shape is no constant int32 vector");
    }
    wanted.rank = shape->shape.Elements();
    if (wanted.rank > Shape::kMaxRank) {
      return context.Fail(StatusCode::kUnimplemented, "rank above 6");
    }
    for (std::size_t i = 0; i < wanted.rank; ++i) {
      wanted.dims[i] = shape->int32s()[i];
    }
  } else if (op.options.has_new_shape) {
    wanted = op.options.new_shape;
  } else {
    return context.Fail(StatusCode::kInvalidArgument, "no new shape is given");
  }
  const std::size_t elements = x.shape.Elements();
  if (!Solve(wanted, elements, &op.outputs[0]->shape)) {
    if (wanted.rank < 1 || wanted[0] != 1) {
      return context.Fail(StatusCode::kInvalidArgument,
                          "the new shape does not fit the elements");
    }
    wanted.dims[0] = -1;
    if (!Solve(wanted, elements, &op.outputs[0]->shape)) {
      return context.Fail(StatusCode::kInvalidArgument,
                          "the new shape does not fit the elements");
    }
  }
  op.outputs[0]->type = ElementType::kFloat32;
  return StatusCode::kOk;
}

StatusCode Eval(EvalContext&, const Op& op) {
  std::memmove(op.outputs[0]->data, op.inputs[0]->data,
               op.inputs[0]->shape.Elements() * sizeof(float));
  return StatusCode::kOk;
}

// Squeeze drops the dimensions that new_shape lists, or, when it lists none,
// every dimension of size 1.
StatusCode PrepareSqueeze(PrepareContext& context, Op& op) {
  if (op.inputs.size() != 1 || op.outputs.size() != 1 ||
      op.inputs[0] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x -> y");
  }
  const Tensor& x = *op.inputs[0];
  if (x.type != ElementType::kFloat32) {
    return context.Fail(StatusCode::kUnimplemented, "only f32");
  }
  bool drop[Shape::kMaxRank] = {};
  const auto rank = static_cast<std::int32_t>(x.shape.rank);
  for (std::size_t i = 0; i < op.options.new_shape.rank; ++i) {
    std::int32_t axis = op.options.new_shape[i];
    if (axis < -rank || axis >= rank) {
      return context.Fail(StatusCode::kInvalidArgument,
                          "a squeezed dimension is outside x's rank");
    }
    if (axis < 0) axis += rank;
    if (x.shape[static_cast<std::size_t>(axis)] != 1) {
      return context.Fail(StatusCode::kInvalidArgument,
                          "a squeezed dimension is not 1");
    }
    drop[axis] = true;
  }
  Shape shape;
  for (std::size_t i = 0; i < x.shape.rank; ++i) {
    const bool all = op.options.new_shape.rank == 0 && x.shape[i] == 1;
    if (!drop[i] && !all) shape.dims[shape.rank++] = x.shape[i];
  }
  op.outputs[0]->type = ElementType::kFloat32;
  op.outputs[0]->shape = shape;
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kReshapeF32 = {Prepare, Eval};
extern const Kernel kSqueezeF32 = {PrepareSqueeze, Eval};

}  // namespace sotto::runtime
