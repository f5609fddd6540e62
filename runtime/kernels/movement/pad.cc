// PAD and PADV2: x inside a frame of one value.
//
//   in 0   x         any type of whole bytes, rank at most 6
//   in 1   paddings  int32 or int64 [rank, 2]: elements before and after
//   in 2   value     PADV2: one element, type and quantisation of y
//   out 0  y         y.shape[i] = x.shape[i] + before[i] + after[i]
//
// PAD frames with zeros, which in int8, uint8 and int16 are stored as the zero
// point.

#include <cstring>

#include "runtime/kernels/movement/fill_elements.h"
#include "runtime/kernels/movement/paddings.h"

namespace sotto::runtime {
namespace {

Finding Infer(const Op& op, Shape* y) {
  Paddings paddings;
  return ReadPaddings(op, &paddings, y);
}

StatusCode Prepare(PrepareContext& context, Op& op, std::size_t inputs) {
  if (!HasArity(op, inputs, inputs, 1)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants x, paddings[, value] -> y");
  }
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  const Finding moved = CheckMoved(x, y);
  if (!moved.ok()) return Report(context, moved);
  if (inputs == 3) {
    const Tensor& value = *op.inputs[2];
    if (value.type != y.type || value.shape.Elements() != 1 ||
        !SameMeaning(value, y)) {
      return context.Fail(StatusCode::kInvalidArgument,
                          "the value is not one element as those of y");
    }
  } else if (!HasStoredZero(y)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "y's zero point is outside its type");
  }
  return ShapeInPrepare(context, op, op.inputs[1]->is_constant, Infer);
}

StatusCode PreparePad(PrepareContext& context, Op& op) {
  return Prepare(context, op, 2);
}
StatusCode PreparePadV2(PrepareContext& context, Op& op) {
  return Prepare(context, op, 3);
}

// Writes y from its first element to its last.
struct Framer {
  const Shape& x;
  const Paddings& paddings;
  Element value;
  std::size_t last;  // the last dimension that has a frame
  std::array<std::size_t, Shape::kMaxRank> strides;  // of y, in elements
  const std::uint8_t* from;
  std::uint8_t* to;

  void Run(std::size_t axis) {
    const auto size = static_cast<std::size_t>(x[axis]);
    to = FillElements(to, paddings.before[axis] * strides[axis], value);
    if (axis == last) {
      const std::size_t bytes = size * strides[axis] * value.size;
      if (bytes > 0) std::memcpy(to, from, bytes);
      from += bytes;
      to += bytes;
    } else {
      for (std::size_t i = 0; i < size; ++i) Run(axis + 1);
    }
    to = FillElements(to, paddings.after[axis] * strides[axis], value);
  }
};

StatusCode Eval(EvalContext& context, const Op& op) {
  const StatusCode code = ShapeInEval(context, op, Infer);
  if (code != StatusCode::kOk) return code;
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  Paddings paddings;
  Shape shape;
  const Finding finding = ReadPaddings(op, &paddings, &shape);
  if (!finding.ok()) return Report(context, finding);
  if (y.shape.Elements() == 0) return StatusCode::kOk;
  if (x.shape.rank == 0) {
    std::memcpy(y.data, x.data, y.bytes());
    return StatusCode::kOk;
  }
  Framer framer = {
      .x = x.shape,
      .paddings = paddings,
      .value = op.inputs.size() == 3
                   ? ElementFrom(op.inputs[2]->data, ElementBytes(y.type))
                   : StoredZero(y),
      .last = 0,
      .strides = {},
      .from = x.as<const std::uint8_t>(),
      .to = y.as<std::uint8_t>()};
  for (std::size_t i = 0; i < x.shape.rank; ++i) {
    framer.strides[i] = y.shape.ElementsFrom(i + 1);
    if (paddings.before[i] + paddings.after[i] > 0) framer.last = i;
  }
  framer.Run(0);
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kPad = {PreparePad, Eval};
extern const Kernel kPadV2 = {PreparePadV2, Eval};

}  // namespace sotto::runtime
