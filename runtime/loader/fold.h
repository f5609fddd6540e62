// Constant folding at load: DENSIFY of constants, whose sparse form is expanded
// already; where f32 weights are asked for, DEQUANTIZE of f16, int8 and uint8
// constants too, and the int8 weights of dynamic-range networks.

#ifndef SOTTO_RUNTIME_LOADER_FOLD_H_
#define SOTTO_RUNTIME_LOADER_FOLD_H_

#include "absl/status/status.h"
#include "runtime/loader/load_budget.h"
#include "runtime/loader/model.h"

namespace sotto::runtime {

// The outputs share their inputs' bytes. INVALID_ARGUMENT: wrong arity, or
// types or shapes that differ.
absl::Status FoldDensify(Graph& graph);

// In all graphs. DEQUANTIZE of computed tensors stays. INVALID_ARGUMENT: wrong
// arity, shapes that differ, or missing scales.
absl::Status FoldDequantize(Model& model, LoadBudget& budget);

// Dynamic-range networks multiply f32 activations by int8 weights without a
// DEQUANTIZE: those weights become f32 constants too. INVALID_ARGUMENT: their
// scales are missing or do not fit.
absl::Status FoldHybridWeights(Model& model, LoadBudget& budget);

// The value of each element of a quantised or f16 constant. UNIMPLEMENTED:
// another type. INVALID_ARGUMENT: scales are missing or do not fit.
absl::StatusOr<std::vector<float>> Dequantize(const TensorInfo& tensor);

// IEEE 754 binary16 to binary32.
float HalfToFloat(std::uint16_t half);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_LOADER_FOLD_H_
