// The real functions of one variable behind the unary operators, in single
// precision. The f32 kernels apply them; the 8-bit and 16-bit ones tabulate
// them.

#ifndef SOTTO_RUNTIME_KERNELS_ELEMENTWISE_REAL_FUNCTION_H_
#define SOTTO_RUNTIME_KERNELS_ELEMENTWISE_REAL_FUNCTION_H_

#include <cmath>

namespace sotto::runtime {

// 1 / (1 + e^-x), without overflow at either end.
inline float LogisticOf(float x) {
  const float e = std::exp(-std::fabs(x));
  return x < 0.0f ? e / (1.0f + e) : 1.0f / (1.0f + e);
}

inline float TanhOf(float x) { return std::tanh(x); }

inline float EluOf(float x) { return x < 0.0f ? std::expm1(x) : x; }

// x * Phi(x); erfc keeps the precision of the tail.
inline float GeluOf(float x) {
  constexpr float kSqrtHalf = 0.70710678f;
  return 0.5f * x * std::erfc(-x * kSqrtHalf);
}

// 0.5 x (1 + tanh(z)) = x / (1 + e^-2z), z = sqrt(2 / pi) (x + 0.044715 x^3).
inline float GeluApproximateOf(float x) {
  constexpr float kTwiceRoot = 1.5957691f;  // 2 sqrt(2 / pi)
  // At -infinity the quotient would be NaN; below -13 it is under 2^-149.
  if (x < -20.0f) return -0.0f;
  const float z = kTwiceRoot * x * (1.0f + 0.044715f * x * x);
  return x / (1.0f + std::exp(-z));
}

inline float HardSwishOf(float x) {
  const float gate = x + 3.0f;
  return x * (gate < 0.0f ? 0.0f : gate > 6.0f ? 6.0f : gate) * (1.0f / 6.0f);
}

inline float RsqrtOf(float x) { return 1.0f / std::sqrt(x); }

// Halves to the even neighbour, in the default rounding mode.
inline float RoundOf(float x) { return std::nearbyint(x); }

inline float SignOf(float x) {
  return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x;  // keeps zeros and NaN
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_ELEMENTWISE_REAL_FUNCTION_H_
