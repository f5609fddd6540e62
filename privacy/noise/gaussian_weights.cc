#include "privacy/noise/gaussian_weights.h"

#include <algorithm>
#include <cassert>

namespace sotto::privacy {
namespace {

// e^(p/q) in units of 2^-digits, too small by less than 2^-(digits - 24) of
// itself: the Taylor series, every term rounded down.
WideUint ExpLowerBound(std::uint64_t p, std::uint64_t q, std::size_t digits) {
  WideUint sum, term = WideUint(1) << digits;
  // From 4 p/q + 64 terms on, the rounding errors that a term inherits have
  // halved away to below 3 units, and so has the rest of the series once the
  // term is zero. Up to there each of N roundings costs at most e^(p/q) units.
  const std::uint64_t fewest = 4 * (p / q) + 64;
  for (std::uint64_t n = 1; !term.is_zero() || n < fewest; ++n) {
    sum += term;
    term *= p;
    term /= q;
    term /= n;
  }
  return sum;
}

Uint128 HighProduct(Uint128 a, Uint128 b) {
  constexpr Uint128 kLow = ~std::uint64_t{0};
  const Uint128 a0 = a & kLow, a1 = a >> 64, b0 = b & kLow, b1 = b >> 64;
  const Uint128 middle = a1 * b0 + (a0 * b0 >> 64);
  return a1 * b1 + (middle >> 64) + (((middle & kLow) + a0 * b1) >> 64);
}

}  // namespace

WideUint GaussianWeights::LowerBound(std::uint64_t k, std::size_t bits) const {
  assert(k <= std::uint64_t{1} << 24);
  const Uint128 p = Uint128{k} * k * variance_.denominator;
  const Uint128 q = Uint128{2} * variance_.numerator;
  // Less than one of the last digit. Otherwise p is below bits 2^49.
  if (p / q >= bits) return {};
  const std::size_t digits = bits + 64;
  WideUint e = ExpLowerBound(static_cast<std::uint64_t>(p),
                             static_cast<std::uint64_t>(q), digits);
  e += e >> (digits - 24);  // now at least the truth
  e += WideUint(1);
  return WideUint::Quotient(WideUint(1) << (bits + digits), e);
}

std::vector<std::uint64_t> GaussianWeights::Table() const {
  // q(k + 1) = q(k) step(k) with step(k + 1) = step(k) a^2 and step(0) = a =
  // q(1), all in units of 2^-128 and rounded down. `a` is short by at most
  // kSlack, step(k) by 10 k + 9, q(k) by 5 k^2 + 10 k: below 2^40 units as long
  // as k < 2^18, which keeps the bound within one unit of 2^-64.
  const Uint128 a = LowerBound(1, 128).Saturated128();
  const Uint128 ratio = HighProduct(a, a);
  std::vector<std::uint64_t> table;
  Uint128 weight = ~Uint128{0}, step = a;
  while (weight >> 64 != 0) {
    table.push_back(static_cast<std::uint64_t>(weight >> 64));
    assert(table.size() < std::size_t{1} << 18);
    weight = HighProduct(weight, step);
    step = HighProduct(step, ratio);
  }
  return table;
}

}  // namespace sotto::privacy
