#include "secure_agg/field/polynomial61.h"

#include <algorithm>
#include <cassert>

#include "secure_agg/field/field61.h"

namespace sotto::secure_agg {
namespace {

using field61::Mul;
using field61::Sub;

void Trim(Polynomial61& f) {
  while (!f.empty() && f.back() == 0) f.pop_back();
}

}  // namespace

std::uint64_t Evaluate(const Polynomial61& f, std::uint64_t x) {
  std::uint64_t value = 0;
  for (std::size_t i = f.size(); i-- > 0;) {
    value = field61::Add(Mul(value, x), f[i]);
  }
  return value;
}

Polynomial61 SubtractProduct(const Polynomial61& a, const Polynomial61& b,
                             const Polynomial61& c) {
  Polynomial61 result = a;
  if (b.empty() || c.empty()) return result;
  result.resize(std::max(a.size(), b.size() + c.size() - 1), 0);
  for (std::size_t i = 0; i < b.size(); ++i) {
    for (std::size_t j = 0; j < c.size(); ++j) {
      result[i + j] = Sub(result[i + j], Mul(b[i], c[j]));
    }
  }
  Trim(result);
  return result;
}

Division61 Divide(const Polynomial61& dividend, const Polynomial61& divisor) {
  assert(!divisor.empty());
  Division61 result = {.quotient = {}, .remainder = dividend};
  Polynomial61& rest = result.remainder;
  if (rest.size() < divisor.size()) return result;
  const std::uint64_t lead = field61::Inverse(divisor.back());
  result.quotient.resize(rest.size() - divisor.size() + 1);
  for (std::size_t at = result.quotient.size(); at-- > 0;) {
    const std::uint64_t factor = Mul(rest[at + divisor.size() - 1], lead);
    result.quotient[at] = factor;
    if (factor == 0) continue;
    for (std::size_t i = 0; i < divisor.size(); ++i) {
      rest[at + i] = Sub(rest[at + i], Mul(factor, divisor[i]));
    }
  }
  Trim(rest);
  return result;
}

Polynomial61 WithRoots(std::span<const std::uint64_t> points) {
  Polynomial61 f = {1};
  for (const std::uint64_t point : points) {
    f.push_back(0);
    for (std::size_t i = f.size() - 1; i > 0; --i) {
      f[i] = Sub(f[i - 1], Mul(point, f[i]));
    }
    f[0] = Sub(0, Mul(point, f[0]));
  }
  return f;
}

Polynomial61 Interpolate(const Polynomial61& with_roots,
                         std::span<const std::uint64_t> x,
                         std::span<const std::uint64_t> y) {
  const std::size_t n = x.size();
  assert(y.size() == n && with_roots.size() == n + 1);
  Polynomial61 sum(n, 0), without(n);
  for (std::size_t i = 0; i < n; ++i) {
    // with_roots / (X - x_i), by Horner's rule.
    std::uint64_t carry = 0;
    for (std::size_t k = n; k-- > 0;) {
      carry = field61::Add(with_roots[k + 1], Mul(carry, x[i]));
      without[k] = carry;
    }
    const std::uint64_t below = Evaluate(without, x[i]);
    assert(below != 0);  // the points are distinct
    const std::uint64_t factor = Mul(y[i], field61::Inverse(below));
    for (std::size_t k = 0; k < n; ++k) {
      sum[k] = field61::Add(sum[k], Mul(factor, without[k]));
    }
  }
  Trim(sum);
  return sum;
}

}  // namespace sotto::secure_agg
