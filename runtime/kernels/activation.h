// The fused activations of the .tflite operators.

#ifndef SOTTO_RUNTIME_KERNELS_ACTIVATION_H_
#define SOTTO_RUNTIME_KERNELS_ACTIVATION_H_

#include <algorithm>
#include <cstddef>
#include <limits>

#include "runtime/core/kernel.h"

namespace sotto::runtime {

struct ClampRange {
  float low, high;
};

// Whether the activation is a clamp; others are refused in Prepare.
inline bool IsClamp(Activation activation) {
  return activation <= Activation::kRelu6;
}

inline ClampRange RangeOf(Activation activation) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  switch (activation) {
    case Activation::kNone:
      return {-kInfinity, kInfinity};
    case Activation::kRelu:
      return {0.0f, kInfinity};
    case Activation::kReluN1To1:
      return {-1.0f, 1.0f};
    case Activation::kRelu6:
      return {0.0f, 6.0f};
    case Activation::kTanh:
    case Activation::kSignBit:
      break;  // no clamp
  }
  return {-kInfinity, kInfinity};
}

inline void Activate(Activation activation, float* values, std::size_t size) {
  if (activation == Activation::kNone) return;
  const ClampRange range = RangeOf(activation);
  for (std::size_t i = 0; i < size; ++i) {
    values[i] = std::min(std::max(values[i], range.low), range.high);
  }
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_ACTIVATION_H_
