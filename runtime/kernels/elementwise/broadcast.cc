#include "runtime/kernels/elementwise/broadcast.h"

#include <algorithm>
#include <cstdint>

namespace sotto::runtime {
namespace {

// Dimension `d` of `shape` once it has `rank` dimensions.
std::int32_t Aligned(const Shape& shape, std::size_t rank, std::size_t d) {
  const std::size_t missing = rank - shape.rank;
  return d < missing ? 1 : shape[d - missing];
}

}  // namespace

bool BroadcastShape(const Shape& a, const Shape& b, Shape* result) {
  Shape made = {};
  made.rank = std::max(a.rank, b.rank);
  for (std::size_t d = 0; d < made.rank; ++d) {
    const std::int32_t left = Aligned(a, made.rank, d);
    const std::int32_t right = Aligned(b, made.rank, d);
    if (left != right && left != 1 && right != 1) return false;
    made.dims[d] = left == 1 ? right : left;
  }
  *result = made;
  return true;
}

BroadcastPlan PlanBroadcast(std::span<const Shape* const> operands,
                            const Shape& result) {
  BroadcastPlan plan = {};
  plan.dims[0] = 1;
  std::array<std::size_t, BroadcastPlan::kMaxOperands> step = {1, 1, 1};
  // From the innermost dimension outwards, into dims[0], dims[1], …; turned
  // round at the end.
  std::size_t used = 0;
  for (std::size_t d = result.rank; d-- > 0;) {
    const auto dim = static_cast<std::size_t>(result[d]);
    if (dim == 1) continue;
    std::array<std::size_t, BroadcastPlan::kMaxOperands> stride = {};
    bool merges = used > 0;
    for (std::size_t o = 0; o < operands.size(); ++o) {
      const std::int32_t own = Aligned(*operands[o], result.rank, d);
      if (own != 1) {
        stride[o] = step[o];
        step[o] *= static_cast<std::size_t>(own);
      }
      if (used > 0) {
        merges = merges &&
                 stride[o] == plan.strides[o][used - 1] * plan.dims[used - 1];
      }
    }
    if (merges) {
      plan.dims[used - 1] *= dim;
      continue;
    }
    plan.dims[used] = dim;
    for (std::size_t o = 0; o < operands.size(); ++o) {
      plan.strides[o][used] = stride[o];
    }
    ++used;
  }
  plan.rank = std::max<std::size_t>(used, 1);
  std::reverse(plan.dims.begin(),
               plan.dims.begin() + static_cast<std::ptrdiff_t>(plan.rank));
  for (auto& strides : plan.strides) {
    std::reverse(strides.begin(),
                 strides.begin() + static_cast<std::ptrdiff_t>(plan.rank));
  }
  return plan;
}

}  // namespace sotto::runtime
