#include "runtime/kernels/registry.h"

#include <algorithm>

namespace sotto::runtime {
namespace {

constexpr KernelTable (*kTables[])() = {
    CpuKernels,      NnKernels,        ElementwiseKernels,
    MovementKernels, ReductionKernels, RecurrentKernels,
    VisionKernels,   SignalKernels,    ControlKernels};

}  // namespace

KernelChoice FindKernels(OpCode code, KernelTier tier) {
  KernelChoice choice;
  for (const auto table : kTables) {
    for (const KernelRow& row : table()) {
      if (row.code != code || row.tier > tier) continue;
      // Before the first one of a lower tier.
      std::size_t at = choice.count;
      while (at > 0 && choice.rows[at - 1]->tier < row.tier) --at;
      if (at == KernelChoice::kMax) continue;
      choice.count = std::min(choice.count + 1, KernelChoice::kMax);
      const auto place = choice.rows.begin() + static_cast<std::ptrdiff_t>(at);
      std::move_backward(
          place,
          choice.rows.begin() + static_cast<std::ptrdiff_t>(choice.count) - 1,
          choice.rows.begin() + static_cast<std::ptrdiff_t>(choice.count));
      *place = &row;
    }
  }
  return choice;
}

bool HasKernel(OpCode code) { return FindKernels(code).count > 0; }

}  // namespace sotto::runtime
