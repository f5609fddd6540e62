// The standard normal distribution in its tails, where Phi itself underflows.
//
// With phi the density, the Mills ratio is
//   R(t) = (1 - Phi(t)) / phi(t) = sqrt(pi/2) erfcx(t / sqrt 2),
// a number of moderate size for every t >= 0, so that
//   ln(1 - Phi(t)) = ln R(t) - t^2/2 - ln sqrt(2 pi)
// is exact to rounding at any distance. Below t = 5 R comes from erfc, above
// from Laplace's continued fraction 1/(t + 1/(t + 2/(t + 3/(t + ...)))).
//
// Pure functions; thread-safe.

#ifndef SOTTO_PRIVACY_ACCOUNTING_NORMAL_H_
#define SOTTO_PRIVACY_ACCOUNTING_NORMAL_H_

namespace sotto::privacy {

inline constexpr double kLogSqrtTwoPi = 0.91893853320467274178;

// Bound on the relative error of MillsRatio.
inline constexpr double kMillsRelativeError = 32 * 0x1p-53;

// R(t), t >= 0 (asserted); 0 at infinity.
double MillsRatio(double t);

// ln(1 - Phi(t)), any t.
double LogNormalTail(double t);

// The t with ln(1 - Phi(t)) <= log_tail, least up to rounding: where to cut so
// that at most e^log_tail lies beyond. log_tail <= ln(1/2), asserted.
double NormalTailQuantile(double log_tail);

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_ACCOUNTING_NORMAL_H_
