// The rules that are large enough for a file of their own, and what they share.

#ifndef SOTTO_TRAINING_AUTODIFF_RULES_H_
#define SOTTO_TRAINING_AUTODIFF_RULES_H_

#include <span>

#include "training/autodiff/gradient.h"

namespace sotto::training {

void Conv2DGradient(const GradientContext& context);
void DepthwiseConv2DGradient(const GradientContext& context);
void FullyConnectedGradient(const GradientContext& context);
void MaxPool2DGradient(const GradientContext& context);
void AveragePool2DGradient(const GradientContext& context);
void PadGradient(const GradientContext& context);
void ConcatenationGradient(const GradientContext& context);
void MeanGradient(const GradientContext& context);

// Zeroes the output gradient where the fused activation holds the output at its
// bound.
void DropClamped(const GradientContext& context);

// At least `size` floats, contents undefined.
std::span<float> Scratch(const GradientContext& context, std::size_t size);

}  // namespace sotto::training

#endif  // SOTTO_TRAINING_AUTODIFF_RULES_H_
