// The kernels that a micro interpreter may use: the caller's own list, so that
// a binary holds no others. `sotto model micro` writes the list of a model.

#ifndef SOTTO_RUNTIME_MICRO_REGISTRY_H_
#define SOTTO_RUNTIME_MICRO_REGISTRY_H_

#include <span>

#include "runtime/core/kernel.h"
#include "runtime/kernels/op_code.h"

namespace sotto::runtime {

// An operator may have several kernels, tried in order until one takes the
// tensors at hand.
struct MicroKernel {
  OpCode code;
  const Kernel* kernel;
};
using MicroRegistry = std::span<const MicroKernel>;

// Every kernel of the micro profile (kernel_list.h); links all of them.
MicroRegistry AllMicroKernels();

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_MICRO_REGISTRY_H_
