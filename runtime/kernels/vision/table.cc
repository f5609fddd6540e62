#include "runtime/kernels/registry.h"

namespace sotto::runtime {

KernelTable VisionKernels() { return {}; }

}  // namespace sotto::runtime
