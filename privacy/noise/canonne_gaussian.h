// Discrete Gaussian noise by rejection from discrete Laplace noise, exactly
// (Canonne, Kamath and Steinke 2020, algorithm 3):
//   P[x] proportional to e^(-x^2 / (2 variance)), x in units.
//
// Any variance, no set-up. Its running time follows the magnitude of what it
// draws; discrete_gaussian.h has a faster sampler that does not, for variances
// up to 2^28.

#ifndef SOTTO_PRIVACY_NOISE_CANONNE_GAUSSIAN_H_
#define SOTTO_PRIVACY_NOISE_CANONNE_GAUSSIAN_H_

#include <cstdint>

#include "privacy/noise/integers.h"
#include "privacy/noise/random_words.h"

namespace sotto::privacy {

std::int64_t CanonneGaussian(const Variance& variance, RandomWords& words);

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_NOISE_CANONNE_GAUSSIAN_H_
