#include "privacy/noise/canonne_gaussian.h"

#include <bit>

#include "privacy/noise/bernoulli_exp.h"
#include "privacy/noise/discrete_laplace.h"

namespace sotto::privacy {

std::int64_t CanonneGaussian(const Variance& variance, RandomWords& words) {
  // Variance n 4^j / d; j is 0 unless it is above 2^40, where d is 1 and n at
  // most 2^16.
  const std::uint64_t d = variance.denominator;
  const bool wide = variance.value() > 0x1p40;
  const int j = wide ? std::countr_zero(variance.numerator) / 2 : 0;
  const std::uint64_t n = variance.numerator >> (2 * j);
  // t 2^j is the proposal's scale, with t = floor(sqrt(n / d)) + 1.
  const std::uint64_t t = SquareRootFloor(n / d) + 1;
  // gamma = (|x| - variance / (t 2^j))^2 / (2 variance)
  //       = (|x| t d - n 2^j)^2 / (2 n d t^2 4^j).
  // t^2 d <= 4 max(n, d). Narrow: the denominator is below 2^(1 + 48 + 50), the
  // square below 2^(2 (12 + 50)). Wide: below 2^(1 + 16 + 18 + 2 j) and
  // 2^(2 (12 + 18 + j)), with 2 j <= 62.
  const Uint128 denominator = Uint128{2} * n * d * t * t << (2 * j);
  const std::uint64_t scale = t << j;
  for (;;) {
    const std::int64_t x = DiscreteLaplace({scale, 1}, words);
    const auto magnitude = static_cast<std::uint64_t>(x < 0 ? -x : x);
    // Beyond 2^12 scales the square below could overflow. A proposal is there
    // with probability e^-4096, and would be accepted with e^-8000000.
    if (magnitude > scale << 12) continue;
    const Uint128 product = Uint128{magnitude} * t * d;
    const Uint128 centre = Uint128{n} << j;
    const Uint128 distance =
        product > centre ? product - centre : centre - product;
    if (BernoulliExp({distance * distance, denominator}, words)) return x;
  }
}

}  // namespace sotto::privacy
