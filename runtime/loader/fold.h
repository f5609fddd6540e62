// Constant folding at load: DEQUANTIZE of f16, int8 and uint8 constants becomes
// an f32 constant, so kernels see one weight type.

#ifndef SOTTO_RUNTIME_LOADER_FOLD_H_
#define SOTTO_RUNTIME_LOADER_FOLD_H_

#include "absl/status/status.h"
#include "runtime/loader/model.h"

namespace sotto::runtime {

// UNIMPLEMENTED: a DEQUANTIZE of a computed tensor, or of another type.
// INVALID_ARGUMENT: wrong arity, shapes that differ, or missing scales.
absl::Status FoldDequantize(Model& model);

// Dynamic-range networks multiply f32 activations by int8 weights without a
// DEQUANTIZE: those weights become f32 constants too. INVALID_ARGUMENT: their
// scales are missing or do not fit.
absl::Status FoldHybridWeights(Model& model);

// The value of each element of a quantised or f16 constant.
absl::StatusOr<std::vector<float>> Dequantize(const TensorInfo& tensor);

// IEEE 754 binary16 to binary32.
float HalfToFloat(std::uint16_t half);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_LOADER_FOLD_H_
