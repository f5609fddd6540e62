// Numbers in and out of a tensor of any numeric type: f32 as they are,
// quantised ones through their scale, plain integers rounded and clamped.

#ifndef SOTTO_RUNTIME_HOST_REAL_VALUES_H_
#define SOTTO_RUNTIME_HOST_REAL_VALUES_H_

#include <span>

#include "absl/status/status.h"
#include "runtime/core/tensor.h"

namespace sotto::runtime {

// Whether the two functions below take tensors of this type and quantisation.
bool HoldsRealValues(const Tensor& tensor);

// As many values as the tensor has elements, asserted. NaN becomes the zero
// point.
void WriteRealValues(std::span<const float> values, const Tensor& tensor);
void ReadRealValues(const Tensor& tensor, std::span<float> values);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_HOST_REAL_VALUES_H_
