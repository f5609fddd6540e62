// Arithmetic mod the Mersenne prime p = 2^61 - 1. Elements are canonical: in
// [0, p). Constant time but for Inverse's fixed exponent.

#ifndef SOTTO_SECURE_AGG_FIELD_FIELD61_H_
#define SOTTO_SECURE_AGG_FIELD_FIELD61_H_

#include <cstdint>

namespace sotto::secure_agg::field61 {

inline constexpr std::uint64_t kPrime = (std::uint64_t{1} << 61) - 1;

inline bool IsCanonical(std::uint64_t a) { return a < kPrime; }

// a < 2^62.
inline std::uint64_t Reduce(std::uint64_t a) {
  a = (a & kPrime) + (a >> 61);
  return a - (kPrime & (0 - static_cast<std::uint64_t>(a >= kPrime)));
}

inline std::uint64_t Add(std::uint64_t a, std::uint64_t b) {
  return Reduce(a + b);
}
inline std::uint64_t Sub(std::uint64_t a, std::uint64_t b) {
  return Reduce(a + kPrime - b);
}
inline std::uint64_t Mul(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  // product < 2^122: low 61 bits plus the rest, each below 2^61.
  return Reduce((static_cast<std::uint64_t>(product) & kPrime) +
                static_cast<std::uint64_t>(product >> 61));
}

// a^(p - 2); a not 0.
inline std::uint64_t Inverse(std::uint64_t a) {
  std::uint64_t result = 1, power = a;
  for (std::uint64_t e = kPrime - 2; e != 0; e >>= 1) {
    if ((e & 1) != 0) result = Mul(result, power);
    power = Mul(power, power);
  }
  return result;
}

}  // namespace sotto::secure_agg::field61

#endif  // SOTTO_SECURE_AGG_FIELD_FIELD61_H_
