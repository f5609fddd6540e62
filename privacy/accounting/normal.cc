#include "privacy/accounting/normal.h"

#include <cassert>
#include <cmath>

namespace sotto::privacy {
namespace {

constexpr double kSqrtHalf = 0.70710678118654752440;
constexpr double kSqrtHalfPi = 1.25331413731550025121;
// e^(t^2/2) loses t^2/2 units in the last place: 13 at the switch.
constexpr double kSwitch = 5;

// Evaluated from the inside; at t = 5 the 120th level no longer moves the
// result.
double ContinuedFraction(double t) {
  double value = t;
  for (int k = 120; k >= 1; --k) value = t + k / value;
  return 1 / value;
}

}  // namespace

double MillsRatio(double t) {
  assert(t >= 0);
  if (t > kSwitch) return std::isinf(t) ? 0 : ContinuedFraction(t);
  return kSqrtHalfPi * std::exp(t * t / 2) * std::erfc(t * kSqrtHalf);
}

double LogNormalTail(double t) {
  if (t < 0) return std::log1p(-0.5 * std::erfc(-t * kSqrtHalf));
  return std::log(MillsRatio(t)) - t * t / 2 - kLogSqrtTwoPi;
}

double NormalTailQuantile(double log_tail) {
  assert(log_tail <= std::log(0.5));
  // 1 - Phi(t) <= e^(-t^2/2) / 2.
  double low = 0, high = std::sqrt(-2 * log_tail) + 1;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (LogNormalTail(middle) > log_tail ? low : high) = middle;
  }
  return high;
}

}  // namespace sotto::privacy
