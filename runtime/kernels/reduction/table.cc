#include "runtime/kernels/registry.h"

namespace sotto::runtime {

KernelTable ReductionKernels() { return {}; }

}  // namespace sotto::runtime
