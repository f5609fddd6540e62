// Every kernel of this build and the operator that each serves. A folder of
// kernels has one table; an operator may have several kernels, tried from the
// fastest tier down until one's Prepare takes the tensors at hand.

#ifndef SOTTO_RUNTIME_KERNELS_REGISTRY_H_
#define SOTTO_RUNTIME_KERNELS_REGISTRY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "runtime/core/kernel.h"
#include "runtime/kernels/op_code.h"

namespace sotto::runtime {

enum class KernelTier : std::uint8_t {
  kReference = 0,  // plain loops, exact or in double precision; freestanding
  kVector = 1,     // Highway, reads the weights in place
  kPacked = 2,     // Highway, weights in a layout of its own
};

struct KernelRow {
  OpCode code;
  KernelTier tier;
  const Kernel* kernel;
  const char* label;  // "conv_2d_s8_vnni"; what a profile prints
};
using KernelTable = std::span<const KernelRow>;

// One per folder, in its table.cc.
KernelTable NnKernels();
KernelTable ElementwiseKernels();
KernelTable MovementKernels();
KernelTable ReductionKernels();
KernelTable RecurrentKernels();
KernelTable VisionKernels();
KernelTable SignalKernels();
KernelTable ControlKernels();
KernelTable CpuKernels();

// Kernels of `code` of at most `tier`, best first.
struct KernelChoice {
  static constexpr std::size_t kMax = 16;
  std::array<const KernelRow*, kMax> rows = {};
  std::size_t count = 0;
};
KernelChoice FindKernels(OpCode code, KernelTier tier = KernelTier::kPacked);
// Whether any kernel serves `code`.
bool HasKernel(OpCode code);

// "CONV_2D"; "unknown operator" for codes that are not in the list.
const char* OpName(OpCode code);
// Our number of a custom operator. False: this build has none of that name.
bool FindCustom(const char* name, OpCode* code);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_REGISTRY_H_
