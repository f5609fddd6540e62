// Integers wider than the language's, and variances as exact ratios of them.

#ifndef SOTTO_PRIVACY_NOISE_INTEGERS_H_
#define SOTTO_PRIVACY_NOISE_INTEGERS_H_

#include <cstdint>

#include "absl/status/statusor.h"

namespace sotto::privacy {

__extension__ using Uint128 = unsigned __int128;

// floor(sqrt(value)), in integers.
std::uint64_t SquareRootFloor(std::uint64_t value);

// numerator / denominator in squared units (one unit: the spacing of the
// noise), in [1/16, 2^62]. The denominator is a power of two, at most 2^16; up
// to 2^40 the numerator is at most 2^48, above it is at most 2^16 times a power
// of four, so that products of several of these fit 128 bits.
struct Variance {
  std::uint64_t numerator = 1;
  std::uint64_t denominator = 1;

  // The least such ratio that is not below `value`: a guarantee that was
  // computed for `value` holds. At most 2^-14 above it. INVALID_ARGUMENT:
  // outside the range, NaN included.
  static absl::StatusOr<Variance> AtLeast(double value);
  // INVALID_ARGUMENT: not of the form above.
  static absl::StatusOr<Variance> Ratio(std::uint64_t numerator,
                                        std::uint64_t denominator);

  double value() const {
    return static_cast<double>(numerator) / static_cast<double>(denominator);
  }
};

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_NOISE_INTEGERS_H_
