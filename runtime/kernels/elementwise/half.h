// IEEE 754 half precision: 1 sign bit, 5 of exponent (bias 15), 10 of fraction.

#ifndef SOTTO_RUNTIME_KERNELS_ELEMENTWISE_HALF_H_
#define SOTTO_RUNTIME_KERNELS_ELEMENTWISE_HALF_H_

#include <cstdint>
#include <cstring>

namespace sotto::runtime {

// Exact; NaNs stay NaNs.
inline float HalfToFloat(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000u) << 16;
  const std::uint32_t magnitude = half & 0x7FFFu;
  std::uint32_t bits = magnitude << 13;
  if (magnitude >= 0x7C00) {
    bits += (255u - 31u) << 23;  // infinity and NaN
  } else if (magnitude >= 0x0400) {
    bits += (127u - 15u) << 23;
  } else {
    // A multiple of 2^-24, which single precision holds as a normal number.
    const float value = static_cast<float>(magnitude) * 0x1p-24f;
    std::memcpy(&bits, &value, sizeof bits);
  }
  bits |= sign;
  float result;
  std::memcpy(&result, &bits, sizeof result);
  return result;
}

// To nearest, halves to even; beyond 65519 infinity.
inline std::uint16_t DoubleToHalf(double value) {
  std::uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  const auto sign = static_cast<std::uint16_t>(bits >> 48 & 0x8000);
  bits &= ~(std::uint64_t{1} << 63);
  if (bits > std::uint64_t{0x7FF} << 52) return sign | 0x7E00;  // NaN
  double magnitude;
  std::memcpy(&magnitude, &bits, sizeof magnitude);
  if (magnitude >= 65520.0) return sign | 0x7C00;
  if (magnitude < 0x1p-14) {
    // Multiples of 2^-24; adding 2^28 leaves the sum that many bits.
    const double rounded = magnitude + 0x1p28;
    std::memcpy(&bits, &rounded, sizeof bits);
    return static_cast<std::uint16_t>(sign | (bits & 0x7FF));
  }
  const std::uint64_t odd = bits >> 42 & 1;
  bits += (std::uint64_t{1} << 41) - 1 + odd;
  return static_cast<std::uint16_t>(
      sign + ((bits >> 42) - (std::uint64_t{1023 - 15} << 10)));
}

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_KERNELS_ELEMENTWISE_HALF_H_
