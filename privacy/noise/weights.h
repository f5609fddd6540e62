// Probabilities of a distribution on the integers, relative to that of zero,
// to as many binary digits as asked.
//
// The distribution is symmetric, falls from zero on and is log-concave; weight
// q(k) = P[k] / P[0], so q(0) = 1. All arithmetic is in integers with error
// bounds, so a draw can be decided exactly. Immutable and thread-safe.

#ifndef SOTTO_PRIVACY_NOISE_WEIGHTS_H_
#define SOTTO_PRIVACY_NOISE_WEIGHTS_H_

#include <cstdint>
#include <vector>

#include "privacy/noise/wide_uint.h"

namespace sotto::privacy {

class Weights {
 public:
  // Lower bounds here are short of the truth by at most this many of their last
  // digit.
  static constexpr std::uint64_t kSlack = 4;

  virtual ~Weights() = default;

  // L with L <= 2^bits q(k) <= L + kSlack. k at most 2^24, bits at least 64.
  virtual WideUint LowerBound(std::uint64_t k, std::size_t bits) const = 0;

  // The same for bits = 64 and k = 0, 1, ... up to the last bound above zero.
  virtual std::vector<std::uint64_t> Table() const = 0;
};

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_NOISE_WEIGHTS_H_
