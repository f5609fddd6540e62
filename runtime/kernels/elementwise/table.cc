#include "runtime/kernels/registry.h"

namespace sotto::runtime {

KernelTable ElementwiseKernels() { return {}; }

}  // namespace sotto::runtime
