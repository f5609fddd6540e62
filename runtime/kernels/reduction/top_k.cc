// TOPK_V2: the k largest elements of each row, largest first, and their places;
// of equal ones the first comes first. NaN counts as smaller than any number.
//
//   in 0   x        f32, int8, uint8, int32, int64   [..., n]
//   in 1   k        int32, one element, 0 <= k <= n; a constant, or known when
//                   the op runs
//   out 0  values   type of x      [..., k]
//   out 1  indices  int32          [..., k]
//
// The k best so far are a heap in `indices`, worst on top: O(n log k), and no
// memory of its own.

#include <algorithm>
#include <cstdint>

#include "runtime/core/kernel.h"

namespace sotto::runtime {
namespace {

StatusCode Prepare(PrepareContext& context, Op& op) {
  if (op.inputs.size() != 2 || op.outputs.size() != 2 || !op.input(0) ||
      !op.input(1) || op.outputs[0] == nullptr || op.outputs[1] == nullptr) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "wants x, k -> values, indices");
  }
  const Tensor &x = *op.inputs[0], &k = *op.inputs[1];
  Tensor &values = *op.outputs[0], &indices = *op.outputs[1];
  if (x.type != ElementType::kFloat32 && x.type != ElementType::kInt8 &&
      x.type != ElementType::kUint8 && x.type != ElementType::kInt32 &&
      x.type != ElementType::kInt64) {
    return context.Fail(StatusCode::kUnimplemented, "type of x");
  }
  if (k.type != ElementType::kInt32 || indices.type != ElementType::kInt32) {
    return context.Fail(StatusCode::kUnimplemented,
                        "k or indices are not int32");
  }
  if (x.shape.rank == 0 || k.shape.Elements() != 1 || values.type != x.type) {
    return context.Fail(StatusCode::kInvalidArgument,
                        "x is a scalar, k is not one, or values' type");
  }
  values.is_dynamic = indices.is_dynamic = !k.is_constant;
  if (!k.is_constant) return StatusCode::kOk;
  const std::int32_t count = *k.int32s();
  if (count < 0 || count > x.shape[x.shape.rank - 1]) {
    return context.Fail(StatusCode::kInvalidArgument, "k out of range");
  }
  values.shape = x.shape;
  values.shape.dims[x.shape.rank - 1] = count;
  indices.shape = values.shape;
  return StatusCode::kOk;
}

template <typename T>
void Select(const Op& op, std::size_t rows, std::int32_t n, std::int32_t k) {
  const T* row = op.inputs[0]->as<const T>();
  T* values = op.outputs[0]->as<T>();
  auto* best = op.outputs[1]->as<std::int32_t>();
  for (std::size_t r = 0; r < rows; ++r, row += n, values += k, best += k) {
    // a comes before b. A strict total order, so that the heap is well defined.
    const auto before = [row](std::int32_t a, std::int32_t b) {
      const T va = row[a], vb = row[b];
      const bool a_nan = va != va, b_nan = vb != vb;
      if (a_nan != b_nan) return b_nan;
      if (va > vb) return true;
      return !(vb > va) && a < b;
    };
    for (std::int32_t i = 0; i < k; ++i) best[i] = i;
    std::make_heap(best, best + k, before);
    for (std::int32_t i = k; i < n && k > 0; ++i) {
      if (!before(i, best[0])) continue;
      std::pop_heap(best, best + k, before);
      best[k - 1] = i;
      std::push_heap(best, best + k, before);
    }
    std::sort_heap(best, best + k, before);
    for (std::int32_t i = 0; i < k; ++i) values[i] = row[best[i]];
  }
}

StatusCode Eval(EvalContext& context, const Op& op) {
  const Tensor& x = *op.inputs[0];
  const std::size_t last = x.shape.rank - 1;
  const std::int32_t n = x.shape[last], k = *op.inputs[1]->int32s();
  if (k < 0 || k > n) {
    return context.Fail(StatusCode::kInvalidArgument, "k out of range");
  }
  if (op.outputs[0]->is_dynamic) {
    Shape shape = x.shape;
    shape.dims[last] = k;
    for (Tensor* output : op.outputs) {
      const StatusCode code = context.Resize(*output, shape);
      if (code != StatusCode::kOk) return code;
    }
  }
  std::size_t rows = 1;
  for (std::size_t i = 0; i < last; ++i) {
    rows *= static_cast<std::size_t>(x.shape[i]);
  }
  if (k == 0) return StatusCode::kOk;
  switch (x.type) {
    case ElementType::kFloat32:
      Select<float>(op, rows, n, k);
      break;
    case ElementType::kInt8:
      Select<std::int8_t>(op, rows, n, k);
      break;
    case ElementType::kUint8:
      Select<std::uint8_t>(op, rows, n, k);
      break;
    case ElementType::kInt32:
      Select<std::int32_t>(op, rows, n, k);
      break;
    default:
      Select<std::int64_t>(op, rows, n, k);
      break;
  }
  return StatusCode::kOk;
}

}  // namespace

extern const Kernel kTopKV2Reference = {Prepare, Eval};

}  // namespace sotto::runtime
