// Coins whose probability is a ratio of integers or e to minus such a ratio,
// without rounding (Canonne, Kamath and Steinke 2020, algorithm 1).
//
// A uniform real is drawn digit by digit and compared with the digits of the
// ratio, until they differ. How long that takes depends on the coin, never on
// data.

#ifndef SOTTO_PRIVACY_NOISE_BERNOULLI_EXP_H_
#define SOTTO_PRIVACY_NOISE_BERNOULLI_EXP_H_

#include "privacy/noise/integers.h"
#include "privacy/noise/random_words.h"

namespace sotto::privacy {

// A number that is at least 0; denominator in [1, 2^100].
struct Fraction {
  Uint128 numerator = 0;
  Uint128 denominator = 1;
};

// True with probability `p`, in [0, 1].
bool Bernoulli(Fraction p, RandomWords& words);

// True with probability e^-gamma.
bool BernoulliExp(Fraction gamma, RandomWords& words);

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_NOISE_BERNOULLI_EXP_H_
