#include "runtime/kernels/registry.h"

namespace sotto::runtime {

KernelTable SignalKernels() { return {}; }

}  // namespace sotto::runtime
