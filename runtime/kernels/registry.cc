#include "runtime/kernels/registry.h"

namespace sotto::runtime {
namespace {

constexpr KernelTable (*kTables[])() = {
    CpuKernels,      NnKernels,        ElementwiseKernels,
    MovementKernels, ReductionKernels, RecurrentKernels,
    VisionKernels,   SignalKernels,    ControlKernels};

}  // namespace

KernelChoice FindKernels(OpCode code, KernelTier tier) {
  KernelChoice choice;
  for (int want = static_cast<int>(tier); want >= 0; --want) {
    for (const auto table : kTables) {
      for (const KernelRow& row : table()) {
        if (row.code == code && static_cast<int>(row.tier) == want &&
            choice.count < KernelChoice::kMax) {
          choice.rows[choice.count++] = &row;
        }
      }
    }
  }
  return choice;
}

bool HasKernel(OpCode code) { return FindKernels(code).count > 0; }

}  // namespace sotto::runtime
