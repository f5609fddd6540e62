#include "privacy/noise/integers.h"

#include <bit>
#include <cmath>

#include "base/status.h"

namespace sotto::privacy {
namespace {

constexpr double kLowest = 0x1p-4, kHighest = 0x1p40;
constexpr std::uint64_t kMaxDenominator = 1 << 16;

absl::Status OutOfRange(double value) {
  return absl::InvalidArgumentError(absl::StrFormat(
      "noise variance is %g squared units, must be in [1/16, 2^40]", value));
}

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
  // The numerator has at most 48 bits, so products of two fit 128 bits with
  // room (canonne_gaussian.cc).
  std::uint64_t denominator = kMaxDenominator;
  while (value * static_cast<double>(denominator) > 0x1p48) denominator /= 2;
  // Scaling by a power of two is exact, and so is the ceiling below 2^53.
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
  if (numerator > std::uint64_t{1} << 48 || variance.value() < kLowest ||
      variance.value() > kHighest) {
    return OutOfRange(variance.value());
  }
  return variance;
}

}  // namespace sotto::privacy
