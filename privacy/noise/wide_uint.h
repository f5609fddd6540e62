// Unsigned integers of any width, for probabilities to as many digits as a
// sampler asks. Slow and plain: table set-up and one draw in 2^50 use it.

#ifndef SOTTO_PRIVACY_NOISE_WIDE_UINT_H_
#define SOTTO_PRIVACY_NOISE_WIDE_UINT_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "privacy/noise/integers.h"

namespace sotto::privacy {

class WideUint {
 public:
  WideUint() = default;
  explicit WideUint(std::uint64_t value) {
    if (value != 0) limbs_.push_back(value);
  }

  std::size_t bit_width() const;
  bool is_zero() const { return limbs_.empty(); }

  WideUint& operator+=(const WideUint& other);
  WideUint& operator-=(const WideUint& other);  // at most this, asserted
  WideUint& operator*=(std::uint64_t factor);
  WideUint& operator/=(std::uint64_t divisor);  // rounds down; not by zero
  WideUint& operator<<=(std::size_t bits);
  WideUint& operator>>=(std::size_t bits);
  friend WideUint operator<<(WideUint a, std::size_t bits) {
    return a <<= bits;
  }
  friend WideUint operator>>(WideUint a, std::size_t bits) {
    return a >>= bits;
  }

  // Negative, zero or positive as a < b, a == b or a > b.
  static int Compare(const WideUint& a, const WideUint& b);

  // floor(a / b), bit by bit; b is not zero.
  static WideUint Quotient(WideUint a, const WideUint& b);

  // The value, or 2^64 - 1 or 2^128 - 1 where it is larger.
  std::uint64_t Saturated64() const;
  Uint128 Saturated128() const;

 private:
  void Trim();

  std::vector<std::uint64_t> limbs_;  // lowest first, the last one not zero
};

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_NOISE_WIDE_UINT_H_
