#include "privacy/clip.h"

#include <cassert>
#include <cmath>

namespace sotto::privacy {

double L2Norm(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += double{value} * value;
  return std::sqrt(sum);
}

double ClipL2(std::span<float> values, double bound) {
  assert(bound > 0);
  for (float& value : values) {
    if (!std::isfinite(value)) value = 0.0f;
  }
  const double norm = L2Norm(values);
  if (norm > bound) {
    // A hair below the bound, so that rounding to float cannot exceed it.
    const double factor = bound / norm * (1.0 - 1e-6);
    for (float& value : values) {
      value = static_cast<float>(value * factor);
    }
  }
  return norm;
}

}  // namespace sotto::privacy
