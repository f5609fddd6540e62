// Tail bounds of keyed statistics, in natural logarithms.
//
// The randomness is in the key: for any suspect made without the key the
// numbers given here bound the probability that a random key does at least as
// well. They are Chernoff bounds, so they need no model of the suspect and no
// null samples, and are at most a small factor above the exact tail.

#ifndef SOTTO_WATERMARK_DETECT_BOUND_H_
#define SOTTO_WATERMARK_DETECT_BOUND_H_

#include <span>

namespace sotto::watermark {

// T = sum of s_i * a_i with s_i = +-1 fair and independent.
struct SignStatistic {
  double t = 0;
  double norm = 0;  // of a
  double z() const { return norm > 0 ? t / norm : 0; }
};

// ln P(T >= t) <= min over theta > 0 of sum ln cosh(theta a_i) - theta t.
// 0 when t is not positive.
double LnSignBound(std::span<const double> a, double t);

// One symbol of a fingerprint: what the suspect shows (y, without the recipient
// code) and the probability that a recipient's bit is 1, in (0, 1).
struct CodeSymbol {
  double y = 0;
  double p = 0.5;
};

// S = sum of y_i (X_i - p_i) / sqrt(p_i (1 - p_i)), X_i ~ Bernoulli(p_i).
// ln P(S >= s), bounded in the same way; 0 when s is not positive.
double LnCodeBound(std::span<const CodeSymbol> symbols, double s);
// The least score whose LnCodeBound is `ln_p` (negative) or less; infinity when
// no score reaches it.
double CodeThreshold(std::span<const CodeSymbol> symbols, double ln_p);

// `tests` hypotheses tried, at least 1: ln_p + ln tests, at most 0. Not below
// ln 2^-256: the bits come from a key of 256, and one such key fits.
double Bonferroni(double ln_p, double tests);
// exp(ln_p), never 0: at least the smallest normal double, still a bound.
double Probability(double ln_p);

}  // namespace sotto::watermark

#endif  // SOTTO_WATERMARK_DETECT_BOUND_H_
