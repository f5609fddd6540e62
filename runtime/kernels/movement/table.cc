#include "runtime/kernels/registry.h"

namespace sotto::runtime {

KernelTable MovementKernels() { return {}; }

}  // namespace sotto::runtime
