// L2 clipping: v scaled by min(1, c / ||v||), so one contribution's norm is at
// most c whatever the data (Abadi et al. 2016, section 3.1).

#ifndef SOTTO_PRIVACY_CLIP_H_
#define SOTTO_PRIVACY_CLIP_H_

#include <span>

namespace sotto::privacy {

// Euclidean norm, accumulated in double precision.
double L2Norm(std::span<const float> values);

// Scales in place when the norm exceeds `bound` (positive, asserted); values
// that are not finite are set to zero first. Returns the norm before scaling.
double ClipL2(std::span<float> values, double bound);

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_CLIP_H_
