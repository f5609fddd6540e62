#include "runtime/kernels/vector_targets.h"

#include "hwy/highway.h"

namespace sotto::runtime {

std::int64_t VectorTargets() {
  return static_cast<std::int64_t>(hwy::SupportedTargets());
}

}  // namespace sotto::runtime
