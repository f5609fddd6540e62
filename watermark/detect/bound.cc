#include "watermark/detect/bound.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

namespace sotto::watermark {
namespace {

// Statistics are sums of terms that have a largest value each, so t = M - gap.
// With that, theta only ever multiplies the gap: no difference of two large
// numbers is taken, which near the largest t would pass for evidence. The gap
// is rounded up, that is t down, so that the bound stays one.
constexpr double kGapSlack = 1e-12;

double GapOf(double largest, double t) {
  return std::max(0.0, largest - t) + kGapSlack * largest;
}

// The least value of a convex f with f(0) = 0 on theta >= 0. Any theta gives a
// valid bound, so a coarse minimum is only less sharp, never wrong.
double Minimise(const std::function<double(double)>& f, double first) {
  double high = first;
  double value = f(high);
  for (int i = 0; i < 60; ++i) {
    const double next = f(2 * high);
    if (next >= value) break;
    value = next;
    high *= 2;
  }
  constexpr double kGolden = 0.6180339887498949;
  double low = 0;
  high *= 2;
  double x1 = high - kGolden * (high - low);
  double x2 = low + kGolden * (high - low);
  double f1 = f(x1), f2 = f(x2);
  double least = std::min({0.0, value, f1, f2});
  for (int i = 0; i < 36; ++i) {
    if (f1 < f2) {
      high = x2;
      x2 = x1;
      f2 = f1;
      x1 = high - kGolden * (high - low);
      f1 = f(x1);
    } else {
      low = x1;
      x1 = x2;
      f1 = f2;
      x2 = low + kGolden * (high - low);
      f2 = f(x2);
    }
    least = std::min({least, f1, f2});
  }
  return least;
}

// One symbol's contribution to S: its largest value with probability `chance`,
// else `drop` less.
struct Term {
  double chance, drop;
};

double Energy(std::span<const CodeSymbol> symbols) {
  double sum = 0;
  for (const CodeSymbol& symbol : symbols) sum += symbol.y * symbol.y;
  return sum;
}

}  // namespace

double LnSignBound(std::span<const double> a, double t) {
  double energy = 0, largest = 0;
  for (const double value : a) {
    energy += value * value;
    largest += std::abs(value);
  }
  if (!(t > 0) || energy == 0) return 0;
  const double gap = GapOf(largest, t);
  return Minimise(
      [&](double theta) {
        // ln cosh x = |x| + ln(1 + e^(-2|x|)) - ln 2
        double sum = 0;
        for (const double value : a) {
          sum += std::log1p(std::exp(-2 * theta * std::abs(value)));
        }
        return sum - static_cast<double>(a.size()) * std::log(2.0) +
               theta * gap;
      },
      t / energy);
}

double LnCodeBound(std::span<const CodeSymbol> symbols, double s) {
  const double energy = Energy(symbols);
  if (!(s > 0) || energy == 0) return 0;
  double largest = 0;
  std::vector<Term> terms;
  for (const CodeSymbol& symbol : symbols) {
    if (symbol.y == 0) continue;
    const double up = std::sqrt((1 - symbol.p) / symbol.p);
    largest += symbol.y > 0 ? symbol.y * up : -symbol.y / up;
    terms.push_back({.chance = symbol.y > 0 ? symbol.p : 1 - symbol.p,
                     .drop = std::abs(symbol.y) * (up + 1 / up)});
  }
  const double gap = GapOf(largest, s);
  return Minimise(
      [&](double theta) {
        double sum = theta * gap;
        for (const Term& term : terms) {
          sum += std::log(term.chance +
                          (1 - term.chance) * std::exp(-theta * term.drop));
        }
        return sum;
      },
      s / energy);
}

double CodeThreshold(std::span<const CodeSymbol> symbols, double ln_p) {
  const double norm = std::sqrt(Energy(symbols));
  if (norm == 0) return std::numeric_limits<double>::infinity();
  double low = 0, high = norm;
  while (LnCodeBound(symbols, high) > ln_p) {
    low = high;
    high *= 2;
    if (high > 1e6 * norm) return std::numeric_limits<double>::infinity();
  }
  for (int i = 0; i < 30; ++i) {
    const double middle = (low + high) / 2;
    (LnCodeBound(symbols, middle) > ln_p ? low : high) = middle;
  }
  return high;
}

double Bonferroni(double ln_p, double tests) {
  return std::clamp(ln_p + std::log(tests), -256 * std::log(2.0), 0.0);
}

double Probability(double ln_p) {
  return std::max(std::exp(ln_p), std::numeric_limits<double>::min());
}

}  // namespace sotto::watermark
