#include "watermark/detect/bound.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace sotto::watermark {
namespace {

double LnCosh(double x) {
  const double size = std::abs(x);
  return size + std::log1p(std::exp(-2 * size)) - std::log(2.0);
}

// ln(e^a * p + e^b * (1 - p)) without overflow.
double LnMixture(double a, double b, double p) {
  const double high = std::max(a, b);
  return high + std::log(p * std::exp(a - high) + (1 - p) * std::exp(b - high));
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

double CodeLogMoment(std::span<const CodeSymbol> symbols, double theta) {
  double sum = 0;
  for (const CodeSymbol& symbol : symbols) {
    if (symbol.y == 0) continue;
    const double up = std::sqrt((1 - symbol.p) / symbol.p);
    sum += LnMixture(theta * symbol.y * up, -theta * symbol.y / up, symbol.p);
  }
  return sum;
}

double Energy(std::span<const CodeSymbol> symbols) {
  double sum = 0;
  for (const CodeSymbol& symbol : symbols) sum += symbol.y * symbol.y;
  return sum;
}

}  // namespace

double LnSignBound(std::span<const double> a, double t) {
  double energy = 0;
  for (const double value : a) energy += value * value;
  if (!(t > 0) || energy == 0) return 0;
  return Minimise(
      [&](double theta) {
        double sum = 0;
        for (const double value : a) sum += LnCosh(theta * value);
        return sum - theta * t;
      },
      t / energy);
}

double LnCodeBound(std::span<const CodeSymbol> symbols, double s) {
  const double energy = Energy(symbols);
  if (!(s > 0) || energy == 0) return 0;
  return Minimise(
      [&](double theta) { return CodeLogMoment(symbols, theta) - theta * s; },
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
  return std::min(0.0, ln_p + std::log(tests));
}

double Probability(double ln_p) {
  return std::max(std::exp(ln_p), std::numeric_limits<double>::min());
}

}  // namespace sotto::watermark
