#include "runtime/kernels/registry.h"

namespace sotto::runtime {

KernelTable ControlKernels() { return {}; }

}  // namespace sotto::runtime
