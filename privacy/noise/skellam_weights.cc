#include "privacy/noise/skellam_weights.h"

#include <algorithm>
#include <cassert>

namespace sotto::privacy {
namespace {

// f(K), f(K - 1), ... f(0) of the header, in units that make f(K) = 2^digits.
// Each division rounds down, which costs at most 2^-digits of every later
// value: after fewer than 2^24 steps they are right to digits - 24 bits.
class Recurrence {
 public:
  Recurrence(const Variance& variance, std::uint64_t start, bool upper,
             std::size_t digits)
      : variance_(variance), k_(start) {
    f_ = WideUint(1) << digits;
    if (upper) above_ = f_;
  }

  void Step() {
    WideUint below = f_;
    below *= 2 * k_ * variance_.denominator;
    below /= variance_.numerator;
    below += above_;
    above_ = std::move(f_);
    f_ = std::move(below);
    --k_;
  }

  std::uint64_t k() const { return k_; }
  const WideUint& f() const { return f_; }

 private:
  const Variance& variance_;
  std::uint64_t k_;
  WideUint f_, above_;
};

// The leading 128 bits of a number, as mantissa times 2^exponent.
struct Leading {
  explicit Leading(const WideUint& value) {
    const std::size_t width = value.bit_width();
    exponent = static_cast<int>(width) - 128;
    mantissa = (width >= 128 ? value >> (width - 128) : value << (128 - width))
                   .Saturated128();
  }
  Uint128 mantissa;
  int exponent;
};

// floor(2^64 a / b) less a hair that covers the errors of both; a <= b.
std::uint64_t RatioLowerBound(const Leading& a, const Leading& b) {
  const int shift = 64 + a.exponent - b.exponent;  // at most 64
  if (shift < 0) return 0;
  Uint128 rest = a.mantissa - (a.mantissa >> 80), quotient = 0;
  // a.mantissa / b.mantissa is in [1/2, 2).
  if (rest >= b.mantissa) {
    rest -= b.mantissa;
    quotient = 1;
  }
  for (int i = 0; i < shift; ++i) {
    const bool carry = rest >> 127 != 0;
    rest <<= 1;
    quotient <<= 1;
    if (carry || rest >= b.mantissa) {
      rest -= b.mantissa;
      quotient |= 1;
    }
  }
  return quotient >> 64 != 0 ? ~std::uint64_t{0}
                             : static_cast<std::uint64_t>(quotient);
}

}  // namespace

SkellamWeights::SkellamWeights(const Variance& variance)
    : variance_(variance),
      std_ceiling_(SquareRootFloor(variance.numerator / variance.denominator) +
                   1) {
  assert(variance.value() <= 0x1p30);
}

WideUint SkellamWeights::LowerBound(std::uint64_t k, std::size_t bits) const {
  assert(k <= std::uint64_t{1} << 24);
  const std::size_t digits = bits + 64;
  // Starting sqrt(bits) standard deviations higher separates the two runs by
  // about e^-bits; should that be too little, higher still.
  std::uint64_t margin =
      (SquareRootFloor(bits) + 4) * std_ceiling_ + std::uint64_t{bits};
  for (;; margin *= 2) {
    WideUint bounds[2];
    for (const bool upper : {false, true}) {
      Recurrence run(variance_, k + margin, upper, digits);
      while (run.k() > k) run.Step();
      WideUint numerator = run.f();
      numerator -= numerator >> (bits + 16);
      while (run.k() > 0) run.Step();
      bounds[upper] = WideUint::Quotient(numerator << bits, run.f());
    }
    if (WideUint::Compare(bounds[0], bounds[1]) > 0) {
      std::swap(bounds[0], bounds[1]);
    }
    WideUint gap = bounds[1];
    gap -= bounds[0];
    if (gap.Saturated64() <= 1) return bounds[0];
  }
}

std::vector<std::uint64_t> SkellamWeights::Table() const {
  // Weights below 2^-64 begin before 10 standard deviations and 64 more.
  const std::uint64_t last = 10 * std_ceiling_ + 64;
  const std::uint64_t start = last + 12 * std_ceiling_ + 64;
  std::vector<std::uint64_t> tables[2];
  for (const bool upper : {false, true}) {
    Recurrence run(variance_, start, upper, 128);
    while (run.k() > last) run.Step();
    std::vector<Leading> values;  // from `last` down
    values.reserve(last + 1);
    for (; run.k() > 0; run.Step()) values.emplace_back(run.f());
    const Leading zero(run.f());
    std::vector<std::uint64_t>& table = tables[upper];
    table.push_back(~std::uint64_t{0});
    for (std::size_t i = values.size(); i-- > 0;) {
      table.push_back(RatioLowerBound(values[i], zero));
    }
  }
  std::vector<std::uint64_t>& table = tables[0];
  for (std::size_t i = 0; i < table.size(); ++i) {
    assert(std::max(table[i], tables[1][i]) -
               std::min(table[i], tables[1][i]) <=
           1);
    table[i] = std::min(table[i], tables[1][i]);
  }
  while (table.back() == 0) table.pop_back();
  return std::move(table);
}

}  // namespace sotto::privacy
