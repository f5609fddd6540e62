// Vectors of integer noise, each the same for the same seed and name on every
// machine: the key of its stream is HKDF-SHA256(seed, info = name), where the
// name is an encoding of what the noise is for. Movable; thread-safe.

#ifndef SOTTO_PRIVACY_NOISE_SEEDED_NOISE_H_
#define SOTTO_PRIVACY_NOISE_SEEDED_NOISE_H_

#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/secret.h"
#include "privacy/noise/noise_sampler.h"

namespace sotto::privacy {

class SeededNoise {
 public:
  // Discrete Gaussian noise. INVALID_ARGUMENT never follows from a valid
  // variance.
  static absl::StatusOr<SeededNoise> Create(const Variance& variance,
                                            const crypto::Secret<32>& seed);

  // Calls `use(offset, tile)` for the vector's values in order, a few thousand
  // at a time.
  void ForEachTile(
      ByteView name, std::size_t size,
      const std::function<void(std::size_t, std::span<const std::int64_t>)>&
          use) const;

  const Variance& variance() const { return sampler_.variance(); }

 private:
  SeededNoise(NoiseSampler sampler, const crypto::Secret<32>& seed)
      : sampler_(std::move(sampler)), seed_(seed.Clone()) {}

  NoiseSampler sampler_;
  crypto::Secret<32> seed_;
};

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_NOISE_SEEDED_NOISE_H_
