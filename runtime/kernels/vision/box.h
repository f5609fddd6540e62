// Rectangles of detections.

#ifndef SOTTO_RUNTIME_KERNELS_VISION_BOX_H_
#define SOTTO_RUNTIME_KERNELS_VISION_BOX_H_

#include <algorithm>

namespace sotto::runtime {

struct Box {
  float y_min, x_min, y_max, x_max;
};

// The common area over the joint one; 0 where a box has no area.
inline float IntersectionOverUnion(const Box& a, const Box& b) {
  const float area_a = (a.y_max - a.y_min) * (a.x_max - a.x_min);
  const float area_b = (b.y_max - b.y_min) * (b.x_max - b.x_min);
  if (!(area_a > 0.0f) || !(area_b > 0.0f)) return 0.0f;
  const float height = std::min(a.y_max, b.y_max) - std::max(a.y_min, b.y_min);
  const float width = std::min(a.x_max, b.x_max) - std::max(a.x_min, b.x_min);
  const float common = std::max(height, 0.0f) * std::max(width, 0.0f);
  return common / (area_a + area_b - common);
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_VISION_BOX_H_
