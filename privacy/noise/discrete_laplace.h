// Discrete Laplace noise, exactly (Canonne, Kamath and Steinke 2020, algorithm
// 2): with a = denominator / numerator of the scale, in units,
//   P[x] = (e^a - 1) / (e^a + 1) * e^(-a |x|).

#ifndef SOTTO_PRIVACY_NOISE_DISCRETE_LAPLACE_H_
#define SOTTO_PRIVACY_NOISE_DISCRETE_LAPLACE_H_

#include <cstdint>

#include "privacy/noise/random_words.h"

namespace sotto::privacy {

// Both in [1, 2^48], asserted.
struct LaplaceScale {
  std::uint64_t numerator = 1;
  std::uint64_t denominator = 1;
};

std::int64_t DiscreteLaplace(LaplaceScale scale, RandomWords& words);

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_NOISE_DISCRETE_LAPLACE_H_
