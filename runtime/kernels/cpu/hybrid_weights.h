// Constant int8 weights that floats are multiplied with, and the floats' bias:
// what CONV_2D and FULLY_CONNECTED check in Prepare and pack.

#ifndef SOTTO_RUNTIME_KERNELS_CPU_HYBRID_WEIGHTS_H_
#define SOTTO_RUNTIME_KERNELS_CPU_HYBRID_WEIGHTS_H_

#include <cstddef>
#include <cstdint>

#include "runtime/core/kernel.h"
#include "runtime/kernels/cpu/hybrid_gemm.h"
#include "runtime/kernels/nn/operands.h"

namespace sotto::runtime {

// CheckHybrid and what is ours: UNIMPLEMENTED for weights or a bias that are no
// constants, and for more than `max_terms` products a sum.
StatusCode CheckHybridWeights(PrepareContext& context, const Op& op,
                              const Operands& operands, std::size_t max_terms);

// Panels for RunHybridGemm of w [channels, segments * segment_size].
void PackHybrid(const HybridShape& shape, std::size_t segment_size,
                const Operands& operands, std::uint8_t* packed);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_CPU_HYBRID_WEIGHTS_H_
