// Polynomials over GF(2^61 - 1): coefficient i at index i, no leading zeros, so
// the zero polynomial is empty. Quadratic time, which is enough for the few
// thousand holders of a share. Not constant time: only for what is public or
// about to be.

#ifndef SOTTO_SECURE_AGG_FIELD_POLYNOMIAL61_H_
#define SOTTO_SECURE_AGG_FIELD_POLYNOMIAL61_H_

#include <cstdint>
#include <span>
#include <vector>

namespace sotto::secure_agg {

using Polynomial61 = std::vector<std::uint64_t>;

std::uint64_t Evaluate(const Polynomial61& f, std::uint64_t x);
// a - b * c.
Polynomial61 SubtractProduct(const Polynomial61& a, const Polynomial61& b,
                             const Polynomial61& c);

struct Division61 {
  Polynomial61 quotient, remainder;  // deg(remainder) < deg(divisor)
};
// `divisor` is not zero, asserted.
Division61 Divide(const Polynomial61& dividend, const Polynomial61& divisor);

// prod (x - points[i]).
Polynomial61 WithRoots(std::span<const std::uint64_t> points);
// The one of degree < n through n points with distinct x, asserted.
// `with_roots` is WithRoots(x).
Polynomial61 Interpolate(const Polynomial61& with_roots,
                         std::span<const std::uint64_t> x,
                         std::span<const std::uint64_t> y);

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_FIELD_POLYNOMIAL61_H_
