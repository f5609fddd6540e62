// A device's side of noisy_encoding.h: one update to residues, in place.
//
// The vector is given as 32-bit words: AsFloats shows them as floats for the
// update to be written, Encode turns the same memory into residues. Besides it
// a few KiB are used, and the sampler's table (noise/table_sampler.h).
//
// Immutable after Create and thread-safe.

#ifndef SOTTO_PRIVACY_DISTRIBUTED_NOISY_ENCODER_H_
#define SOTTO_PRIVACY_DISTRIBUTED_NOISY_ENCODER_H_

#include <cstdint>
#include <optional>
#include <span>

#include "absl/status/statusor.h"
#include "crypto/rng.h"
#include "crypto/secret.h"
#include "privacy/distributed/noisy_encoding.h"
#include "privacy/noise/noise_sampler.h"

namespace sotto::privacy {

// The same memory, each word with the bits of a float. Words and floats are
// never to be held at the same time.
std::span<float> AsFloats(std::span<std::uint32_t> words);

class NoisyEncoder {
 public:
  // Makes the sampler's table. INVALID_ARGUMENT: Skellam noise wider than
  // noise/noise_sampler.h draws; lower the scale.
  static absl::StatusOr<NoisyEncoder> Create(const NoisyEncoding& encoding);

  // `words` holds encoding().padded_dimension() floats, zero from the dimension
  // on (INVALID_ARGUMENT otherwise), and receives residues mod 2^bits. Values
  // that are not finite count as 0. `rng` must be cryptographically secure.
  // `rotation_seed` is RotationSeed() of the session and the vector's name. On
  // error the words are undefined; the residues of one update must never be
  // made twice.
  absl::Status Encode(const crypto::Secret<32>& rotation_seed, crypto::Rng& rng,
                      std::span<std::uint32_t> words) const;

  const NoisyEncoding& encoding() const { return encoding_; }

 private:
  explicit NoisyEncoder(const NoisyEncoding& encoding) : encoding_(encoding) {}

  NoisyEncoding encoding_;
  std::optional<NoiseSampler> sampler_;  // absent without noise
};

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_DISTRIBUTED_NOISY_ENCODER_H_
