// Walsh-Hadamard transform: x := scale H x with H[i][j] = (-1)^popcount(i & j),
// in place, d log2 d additions. Tiles that fit the first cache are transformed
// wholly before the strides between them.

#ifndef SOTTO_PRIVACY_DISTRIBUTED_HADAMARD_H_
#define SOTTO_PRIVACY_DISTRIBUTED_HADAMARD_H_

#include <span>

namespace sotto::privacy {

// The size is a power of two, asserted.
void ScaledHadamard(float scale, std::span<float> x);

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_DISTRIBUTED_HADAMARD_H_
