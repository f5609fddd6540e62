// Which vector instruction sets the kernels may choose from here.

#ifndef SOTTO_RUNTIME_KERNELS_VECTOR_TARGETS_H_
#define SOTTO_RUNTIME_KERNELS_VECTOR_TARGETS_H_

#include <cstdint>

namespace sotto::runtime {

// Highway's bits of the sets that this processor has. Packed weights of one
// value do not fit another.
std::int64_t VectorTargets();

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_VECTOR_TARGETS_H_
