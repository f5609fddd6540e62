#include "privacy/noise/canonne_gaussian.h"

#include "privacy/noise/bernoulli_exp.h"
#include "privacy/noise/discrete_laplace.h"

namespace sotto::privacy {

std::int64_t CanonneGaussian(const Variance& variance, RandomWords& words) {
  const std::uint64_t n = variance.numerator, d = variance.denominator;
  // floor(std) + 1, at most 2^20 + 1.
  const std::uint64_t t = SquareRootFloor(n / d) + 1;
  // gamma = (|x| - variance / t)^2 / (2 variance)
  //       = (|x| t d - n)^2 / (2 n d t^2).
  // t^2 d <= 4 max(n, d), so the denominator is below 2^(1 + 48 + 50).
  const Uint128 denominator = Uint128{2} * n * d * t * t;
  for (;;) {
    const std::int64_t x = DiscreteLaplace({t, 1}, words);
    const auto magnitude = static_cast<std::uint64_t>(x < 0 ? -x : x);
    // Beyond 2^12 scales the square below could overflow. A proposal is there
    // with probability e^-4096, and would be accepted with e^-8000000.
    if (magnitude > t << 12) continue;
    const Uint128 product = Uint128{magnitude} * t * d;
    const Uint128 distance = product > n ? product - n : n - product;
    if (BernoulliExp({distance * distance, denominator}, words)) return x;
  }
}

}  // namespace sotto::privacy
