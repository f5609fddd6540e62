#include "privacy/noise/bernoulli_exp.h"

#include <cassert>

namespace sotto::privacy {
namespace {

// A remainder below 2^100 shifted by a digit stays below 2^128.
constexpr int kDigitBits = 28;

// True with probability e^-gamma, gamma in [0, 1]: in a run of coins of
// probability gamma / 1, gamma / 2, ... the first tail is at an odd place.
bool BernoulliExpUnit(Fraction gamma, RandomWords& words) {
  std::uint64_t place = 1;
  while (Bernoulli(gamma, words) && words.Below(place) == 0) ++place;
  return place % 2 == 1;
}

}  // namespace

bool Bernoulli(Fraction p, RandomWords& words) {
  assert(p.numerator <= p.denominator);
  assert(p.denominator <= Uint128{1} << 100);
  Uint128 rest = p.numerator;
  for (;;) {
    rest <<= kDigitBits;
    const auto digit = static_cast<std::uint64_t>(rest / p.denominator);
    rest %= p.denominator;
    const std::uint64_t drawn = words.Next() >> (64 - kDigitBits);
    if (drawn != digit) return drawn < digit;
    if (rest == 0) return false;  // what was drawn is at least the ratio
  }
}

bool BernoulliExp(Fraction gamma, RandomWords& words) {
  while (gamma.numerator > gamma.denominator) {
    if (!BernoulliExpUnit({1, 1}, words)) return false;
    gamma.numerator -= gamma.denominator;
  }
  return BernoulliExpUnit(gamma, words);
}

}  // namespace sotto::privacy
