#include "runtime/kernels/registry.h"

namespace sotto::runtime {

KernelTable NnKernels() { return {}; }

}  // namespace sotto::runtime
