// Logistic function and hyperbolic tangent of 16-bit fixed-point numbers, as
// the integer LSTM is defined: exp on negative numbers by a polynomial and a
// table of powers, then Newton's division. The result has 15 fractional bits;
// 1 is the largest value. Every input is legal.

#ifndef SOTTO_RUNTIME_KERNELS_RECURRENT_FIXED_POINT16_H_
#define SOTTO_RUNTIME_KERNELS_RECURRENT_FIXED_POINT16_H_

#include <cstdint>

#include "runtime/kernels/nn/requantize.h"

namespace sotto::runtime {

// s(value / 2^12).
std::int16_t LogisticQ12(std::int16_t value);

// tanh(value / 2^(15 - integer_bits)), integer_bits in [0, 6].
std::int16_t TanhFixed(std::int16_t value, int integer_bits);

// 1 / sqrt(value), value > 0: for the integer layer norm.
FixedPoint InverseSquareRoot(std::int32_t value);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_RECURRENT_FIXED_POINT16_H_
