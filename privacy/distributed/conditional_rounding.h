// Stochastic rounding to integers, redrawn until the norm is bounded (Kairouz,
// Liu and Steinke 2021, section 3.2): x s becomes floor(x s) or one more, up
// with the probability of the fraction, so its mean is x s; and the whole draw
// is repeated while its squared norm exceeds `max_squared_norm`.
//
// The bound is on the integers themselves, added without rounding, so a
// device's sensitivity does not depend on how floats behave.
//
// Values are finite. A first pass measures the norm, a second one repeats the
// same random words and hands out the integers: nothing is stored in between.

#ifndef SOTTO_PRIVACY_DISTRIBUTED_CONDITIONAL_ROUNDING_H_
#define SOTTO_PRIVACY_DISTRIBUTED_CONDITIONAL_ROUNDING_H_

#include <cstdint>
#include <optional>
#include <span>

#include "absl/status/statusor.h"
#include "crypto/rng.h"
#include "crypto/secret.h"
#include "privacy/noise/random_words.h"

namespace sotto::privacy {

struct RoundingParams {
  double scale = 0;  // integer steps per unit, positive
  std::uint64_t max_squared_norm = 0;
};

// The key of a draw that meets the bound, from `rng`. With a norm of at most c
// before and the bound of accounting/distributed_noise.h each draw succeeds
// with probability 1 - e^(-1/2) at least. INVALID_ARGUMENT: none of 128 did, so
// the norm is above c.
absl::StatusOr<crypto::Secret<32>> DrawRounding(const RoundingParams& params,
                                                std::span<const float> values,
                                                crypto::Rng& rng);

// Hands out the integers of one draw, from the first value on.
class Rounding {
 public:
  Rounding(double scale, const crypto::Secret<32>& key)
      : scale_(scale), words_(key) {}

  // Continues where the last call ended; of the calls, all but the last have an
  // even size, asserted. `out` has the size of `values`; magnitudes are below
  // 2^32.
  void Next(std::span<const float> values, std::span<std::int64_t> out);

 private:
  double scale_;
  bool odd_ = false;  // the last call ended inside a random word
  RandomWords words_;
};

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_DISTRIBUTED_CONDITIONAL_ROUNDING_H_
