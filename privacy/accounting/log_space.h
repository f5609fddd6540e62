// Arithmetic on numbers held as their natural logarithm; -infinity is 0.

#ifndef SOTTO_PRIVACY_ACCOUNTING_LOG_SPACE_H_
#define SOTTO_PRIVACY_ACCOUNTING_LOG_SPACE_H_

#include <algorithm>
#include <cmath>
#include <limits>

namespace sotto::privacy {

inline constexpr double kLogZero = -std::numeric_limits<double>::infinity();

// ln(e^a + e^b).
inline double LogAdd(double a, double b) {
  const double high = std::max(a, b), low = std::min(a, b);
  return low == kLogZero ? high : high + std::log1p(std::exp(low - high));
}

// ln(e^x - 1), x > 0, without the overflow of e^x.
inline double LogExpm1(double x) {
  return x > 40 ? x + std::log1p(-std::exp(-x)) : std::log(std::expm1(x));
}

// ln(1 - (1 - e^a)^n), a <= 0, n >= 0: the chance of at least one event of log
// probability a in n trials.
inline double LogAnyOf(double a, double n) {
  if (a >= 0) return n > 0 ? 0 : kLogZero;
  const double log_none = n * std::log1p(-std::exp(a));
  return log_none == 0 ? a + std::log(n) : std::log(-std::expm1(log_none));
}

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_ACCOUNTING_LOG_SPACE_H_
