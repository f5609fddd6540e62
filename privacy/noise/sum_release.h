// A server's noise on sums of integers, round after round, for tasks that trust
// the server to add it: independent_release.h, tree_release.h,
// banded_release.h.
//
// Each sum comes as integers (steps of the encoding, centred), and all noise
// that protects it is integer noise added to integers; what follows in floating
// point is a function of that noisy result alone. Noise is deterministic from a
// secret seed of 32 bytes: whoever has it can take the noise off, and must keep
// it as secret as the sums. A server that restarts continues from the seed and
// its position without drawing other noise for a round that it had released.
//
// Not thread-safe.

#ifndef SOTTO_PRIVACY_NOISE_SUM_RELEASE_H_
#define SOTTO_PRIVACY_NOISE_SUM_RELEASE_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/status/status.h"

namespace sotto::privacy {

class SumRelease {
 public:
  virtual ~SumRelease() = default;

  // Writes the next round's sum with its noise; a partial sum over the rounds
  // is that of the sums plus what the mechanism says. INVALID_ARGUMENT: `sum`
  // or `out` has not size() values. FAILED_PRECONDITION: the run is over.
  virtual absl::Status Next(std::span<const std::int32_t> sum,
                            std::span<double> out) = 0;

  virtual std::size_t size() const = 0;
};

// INVALID_ARGUMENT unless both have `size` values.
absl::Status CheckReleaseSizes(std::size_t size,
                               std::span<const std::int32_t> sum,
                               std::span<const double> out);

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_NOISE_SUM_RELEASE_H_
