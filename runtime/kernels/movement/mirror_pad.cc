// MIRROR_PAD: x inside a frame of its own reflection.
//
//   in 0   x         any type of whole bytes, rank at most 6
//   in 1   paddings  int32 or int64 [rank, 2], each at most x's dimension, one
//                    less where the border itself is not repeated
//   out 0  y         y[..., i, ...] = x[..., m(i - before), ...] where, for a
//                    dimension of n,
//                      m(i) = i in [0, n); -i - e below; 2 n - 2 - i + e above
//
// Reads symmetric: the border is repeated, e = 1; otherwise e = 0.

#include <cstring>

#include "runtime/kernels/movement/paddings.h"

namespace sotto::runtime {
namespace {

Finding Infer(const Op& op, Shape* y) {
  Paddings paddings;
  const Finding finding = ReadPaddings(op, &paddings, y);
  if (!finding.ok()) return finding;
  const Shape& x = op.inputs[0]->shape;
  for (std::size_t i = 0; i < x.rank; ++i) {
    const std::size_t border = op.options.symmetric ? 0 : 1;
    const auto size = static_cast<std::size_t>(x[i]);
    for (const std::size_t padding : {paddings.before[i], paddings.after[i]}) {
      if (padding > 0 && padding + border > size) {
        return Invalid("a padding is wider than what it reflects");
      }
    }
  }
  return {};
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (!HasArity(op, 2, 2, 1)) {
    return context.Fail(StatusCode::kInvalidArgument, "wants x, paddings -> y");
  }
  const Finding moved = CheckMoved(*op.inputs[0], *op.outputs[0]);
  if (!moved.ok()) return Report(context, moved);
  return ShapeInPrepare(context, op, op.inputs[1]->is_constant, Infer);
}

// Fills y, axis by axis: first the slabs that x has, each framed in turn, then
// their reflections, which are whole slabs of y.
struct Reflector {
  const Shape& x;
  const Paddings& paddings;
  std::size_t edge;  // 1: the border is repeated
  std::array<std::size_t, Shape::kMaxRank> slab_bytes;
  std::size_t width;
  const std::uint8_t* from;

  void Run(std::size_t axis, std::uint8_t* to) {
    const auto size = static_cast<std::size_t>(x[axis]);
    const std::size_t slab = slab_bytes[axis];
    const std::size_t before = paddings.before[axis];
    const auto at = [&](std::size_t i) { return to + i * slab; };
    if (axis + 1 == x.rank) {
      std::memcpy(at(before), from, size * width);
      from += size * width;
    } else {
      for (std::size_t i = 0; i < size; ++i) Run(axis + 1, at(before + i));
    }
    for (std::size_t i = 0; i < before; ++i) {
      std::memcpy(at(i), at(2 * before - i - edge), slab);
    }
    const std::size_t end = before + size;
    for (std::size_t i = 0; i < paddings.after[axis]; ++i) {
      std::memcpy(at(end + i), at(end - 2 - i + edge), slab);
    }
  }
};

StatusCode Eval(EvalContext& context, const Op& op) {
  const StatusCode code = ShapeInEval(context, op, Infer);
  if (code != StatusCode::kOk) return code;
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  Shape shape;
  // Values that are not constant are checked anew.
  Finding finding = Infer(op, &shape);
  Paddings paddings;
  if (finding.ok()) finding = ReadPaddings(op, &paddings, &shape);
  if (!finding.ok()) return Report(context, finding);
  if (y.shape.Elements() == 0) return StatusCode::kOk;
  if (x.shape.rank == 0) {
    std::memcpy(y.data, x.data, y.bytes());
    return StatusCode::kOk;
  }
  Reflector reflector = {.x = x.shape,
                         .paddings = paddings,
                         .edge = op.options.symmetric ? 1u : 0u,
                         .slab_bytes = {},
                         .width = ElementBytes(x.type),
                         .from = x.as<const std::uint8_t>()};
  for (std::size_t i = 0; i < x.shape.rank; ++i) {
    reflector.slab_bytes[i] = y.shape.ElementsFrom(i + 1) * reflector.width;
  }
  reflector.Run(0, y.as<std::uint8_t>());
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kMirrorPad = {Prepare, Eval};

}  // namespace sotto::runtime
