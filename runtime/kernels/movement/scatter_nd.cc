// SCATTER_ND: zeros, and in the slices that tuples of indices name the sum of
// their updates.
//
//   in 0   indices  int32 or int64 [..., n]
//   in 1   updates  f32, an integer type or bool [..., shape[n:]]
//   in 2   shape    int32 or int64 [rank], n at most rank
//   out 0  y        of `shape`, type as updates
//
// Integers wrap; for bool the sum is "or". Quantised updates need a zero point
// of 0, for a stored 0 to mean 0.

#include <cstring>
#include <type_traits>

#include "runtime/kernels/movement/index_tuples.h"

namespace sotto::runtime {
namespace {

Finding Infer(const Op& op, Shape* y) {
  const Shape &indices = op.inputs[0]->shape, &updates = op.inputs[1]->shape;
  Integers list;
  if (!ReadIntegers(*op.inputs[2], &list)) {
    return Invalid("the shape is not a list of integers");
  }
  if (list.count > Shape::kMaxRank) return Unsupported("rank above 6");
  if (!ToShape(list, y) || !IsBounded(*y)) {
    return Invalid("a dimension is negative or y is too large");
  }
  const Finding tuples = CheckTuples(*op.inputs[0], y->rank);
  if (!tuples.ok()) return tuples;
  const auto depth = static_cast<std::size_t>(indices[indices.rank - 1]);
  bool fits = updates.rank == indices.rank - 1 + y->rank - depth;
  for (std::size_t i = 0; fits && i < updates.rank; ++i) {
    fits = updates[i] == (i + 1 < indices.rank
                              ? indices[i]
                              : y->dims[depth + i + 1 - indices.rank]);
  }
  return fits ? Finding{} : Invalid("updates are not one slice for each tuple");
}

// Calls with(T{}) for the elements' type; false for a type without sums.
template <typename With>
bool WithSummable(ElementType type, const With& with) {
  switch (type) {
    case ElementType::kFloat32:
      with(float{});
      return true;
    case ElementType::kInt8:
    case ElementType::kUint8:
      with(std::uint8_t{});
      return true;
    case ElementType::kInt16:
    case ElementType::kUint16:
      with(std::uint16_t{});
      return true;
    case ElementType::kInt32:
    case ElementType::kUint32:
      with(std::uint32_t{});
      return true;
    case ElementType::kInt64:
    case ElementType::kUint64:
      with(std::uint64_t{});
      return true;
    case ElementType::kBool:
      with(bool{});
      return true;
    default:
      return false;
  }
}

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (!HasArity(op, 3, 3, 1)) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants indices, updates, shape -> y");
  }
  const Tensor &updates = *op.inputs[1], &y = *op.outputs[0];
  Finding finding = CheckMoved(updates, y);
  if (finding.ok() && !WithSummable(y.type, [](auto) {})) {
    finding = Unsupported("type of the updates");
  }
  if (finding.ok() && updates.quantization.count > 0 &&
      updates.quantization.zero_point != 0) {
    finding = Unsupported("a zero point that is not 0");
  }
  if (!finding.ok()) return Report(context, finding);
  return ShapeInPrepare(context, op, op.inputs[2]->is_constant, Infer);
}

template <typename T>
void Add(const std::uint8_t* from, std::uint8_t* to, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    if constexpr (std::is_same_v<T, bool>) {
      to[i] = static_cast<std::uint8_t>(to[i] != 0 || from[i] != 0);
    } else {
      T sum = {}, more = {};
      std::memcpy(&sum, to + i * sizeof(T), sizeof(T));
      std::memcpy(&more, from + i * sizeof(T), sizeof(T));
      sum = static_cast<T>(sum + more);
      std::memcpy(to + i * sizeof(T), &sum, sizeof(T));
    }
  }
}

StatusCode Eval(EvalContext& context, const Op& op) {
  const StatusCode code = ShapeInEval(context, op, Infer);
  if (code != StatusCode::kOk) return code;
  const Tensor &updates = *op.inputs[1], &y = *op.outputs[0];
  if (y.shape.Elements() == 0) return StatusCode::kOk;
  const IndexTuples tuples(*op.inputs[0], y.shape);
  std::memset(y.data, 0, y.bytes());
  const std::size_t size = tuples.slice();
  const std::size_t bytes = size * ElementBytes(y.type);
  for (std::size_t i = 0; i < tuples.count(); ++i) {
    std::size_t slice = 0;
    if (!tuples.Find(i, &slice)) {
      return context.Fail(StatusCode::kInvalidArgument,
                          "an index is outside y");
    }
    const auto* from = updates.as<const std::uint8_t>() + i * bytes;
    auto* to = y.as<std::uint8_t>() + slice * bytes;
    WithSummable(y.type,
                 [&](auto zero) { Add<decltype(zero)>(from, to, size); });
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kScatterNd = {Prepare, Eval};

}  // namespace sotto::runtime
