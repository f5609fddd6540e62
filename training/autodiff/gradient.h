// Reverse-mode differentiation of one operator: adds to the gradients of its
// inputs, given the gradient of its output.
//
// Baydin et al. 2018, section 3.2; each rule's formula is beside it.

#ifndef SOTTO_TRAINING_AUTODIFF_GRADIENT_H_
#define SOTTO_TRAINING_AUTODIFF_GRADIENT_H_

#include <span>
#include <vector>

#include "runtime/core/kernel.h"
#include "runtime/kernels/registry.h"

namespace sotto::training {

// What a rule works on. Gradient spans are empty where none is wanted.
struct GradientContext {
  const runtime::Op& op;
  std::span<float> output_gradient;                   // may be overwritten
  std::span<const std::span<float>> input_gradients;  // one per op input
  std::vector<float>& scratch;  // kept between calls, grown as needed
};

using GradientRule = void (*)(const GradientContext& context);

// Null: the operator has no gradient in this build.
GradientRule FindGradient(runtime::OpCode code);

}  // namespace sotto::training

#endif  // SOTTO_TRAINING_AUTODIFF_GRADIENT_H_
