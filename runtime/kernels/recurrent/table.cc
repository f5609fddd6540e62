#include "runtime/kernels/registry.h"

namespace sotto::runtime {

KernelTable RecurrentKernels() { return {}; }

}  // namespace sotto::runtime
