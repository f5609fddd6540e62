#include "privacy/noise/integers.h"

#include <bit>
#include <cmath>

#include "base/status.h"

namespace sotto::privacy {
namespace {

constexpr double kLowest = 0x1p-4, kMedium = 0x1p40, kHighest = 0x1p62;
constexpr std::uint64_t kMaxDenominator = 1 << 16;

absl::Status OutOfRange(double value) {
  return absl::InvalidArgumentError(absl::StrFormat(
      "noise variance is %g squared units, must be in [1/16, 2^62]", value));
}

// floor(log4(value / 2^14)), for values of at least that.
int PowerOfFour(double value) { return (std::ilogb(value) - 14) / 2; }

}  // namespace

std::uint64_t SquareRootFloor(std::uint64_t value) {
  // One binary digit of the root at a time, from the highest.
  std::uint64_t root = 0;
  for (std::uint64_t bit = std::uint64_t{1} << 31; bit != 0; bit >>= 1) {
    const std::uint64_t candidate = root | bit;
    if (candidate * candidate <= value) root = candidate;
  }
  return root;
}

absl::StatusOr<Variance> Variance::AtLeast(double value) {
  if (!(value >= kLowest && value <= kHighest)) return OutOfRange(value);
  // Scaling by a power of two is exact, and so is the ceiling below 2^53.
  if (value > kMedium) {
    const int shift = 2 * PowerOfFour(value);
    const auto leading =
        static_cast<std::uint64_t>(std::ceil(std::ldexp(value, -shift)));
    return Variance{leading << shift, 1};
  }
  std::uint64_t denominator = kMaxDenominator;
  while (value * static_cast<double>(denominator) > 0x1p48) denominator /= 2;
  return Variance{static_cast<std::uint64_t>(
                      std::ceil(value * static_cast<double>(denominator))),
                  denominator};
}

absl::StatusOr<Variance> Variance::Ratio(std::uint64_t numerator,
                                         std::uint64_t denominator) {
  if (!std::has_single_bit(denominator) || denominator > kMaxDenominator) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the denominator of a noise variance is %u, must be a power of two, "
        "at most %u",
        denominator, kMaxDenominator));
  }
  const Variance variance{numerator, denominator};
  if (variance.value() < kLowest || variance.value() > kHighest) {
    return OutOfRange(variance.value());
  }
  // The bits between the first one and the last pair of zeros.
  const std::uint64_t leading =
      numerator >> (std::countr_zero(numerator) / 2 * 2);
  const bool fits = variance.value() > kMedium
                        ? denominator == 1 && leading <= std::uint64_t{1} << 16
                        : numerator <= std::uint64_t{1} << 48;
  if (!fits) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "noise variance %u / %u has a numerator of more than 48 bits, or above "
        "2^40 more than 16 before the last power of four",
        numerator, denominator));
  }
  return variance;
}

}  // namespace sotto::privacy
