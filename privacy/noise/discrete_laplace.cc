#include "privacy/noise/discrete_laplace.h"

#include <cassert>

#include "privacy/noise/bernoulli_exp.h"

namespace sotto::privacy {

std::int64_t DiscreteLaplace(LaplaceScale scale, RandomWords& words) {
  assert(scale.numerator >= 1 && scale.numerator <= std::uint64_t{1} << 48);
  assert(scale.denominator >= 1 && scale.denominator <= std::uint64_t{1} << 48);
  for (;;) {
    // A geometric variable of ratio e^(-1 / numerator): its remainder, thinned
    // from uniform, and its quotient, of ratio 1/e.
    const std::uint64_t remainder = words.Below(scale.numerator);
    if (!BernoulliExp({remainder, scale.numerator}, words)) continue;
    std::uint64_t quotient = 0;
    while (BernoulliExp({1, 1}, words)) ++quotient;
    const auto magnitude = static_cast<std::int64_t>(
        (remainder + scale.numerator * quotient) / scale.denominator);
    const bool negative = words.Next() >> 63 != 0;
    if (negative && magnitude == 0) continue;  // zero would count twice
    return negative ? -magnitude : magnitude;
  }
}

}  // namespace sotto::privacy
