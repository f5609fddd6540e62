// Refusals that every accountant shares. A parameter that is NaN, infinite or
// out of range is INVALID_ARGUMENT with its name, what it is and what it must
// be; nothing is clamped into range silently.

#ifndef SOTTO_PRIVACY_ACCOUNTING_RANGES_H_
#define SOTTO_PRIVACY_ACCOUNTING_RANGES_H_

#include <cmath>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"

namespace sotto::privacy {

// low <= value <= high.
inline absl::Status CheckRange(const char* name, double value, double low,
                               double high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("%s is %g, must be in [%g, %g]", name, value, low, high));
}

// 0 < value < 1.
inline absl::Status CheckDelta(double delta) {
  if (delta > 0 && delta < 1) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("delta is %g, must be above 0 and below 1", delta));
}

// 0 <= value < infinity.
inline absl::Status CheckEpsilon(double epsilon) {
  if (epsilon >= 0 && std::isfinite(epsilon)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("epsilon is %g, must be finite and at least 0", epsilon));
}

// 1 <= value <= 2^40: more releases than any task makes, few enough that the
// error bounds of the accountants stay below 1.
inline absl::Status CheckCount(const char* name, std::int64_t value) {
  if (value >= 1 && value <= std::int64_t{1} << 40) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("%s is %d, must be in [1, 2^40]", name, value));
}

// Noise multipliers (std / sensitivity) that the accountants take. Outside it
// the guarantee is worthless (epsilon above 10^5) or the task is.
inline constexpr double kMinNoiseMultiplier = 1e-3;
inline constexpr double kMaxNoiseMultiplier = 1e9;

inline absl::Status CheckNoiseMultiplier(double value) {
  return CheckRange("noise multiplier", value, kMinNoiseMultiplier,
                    kMaxNoiseMultiplier);
}

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_ACCOUNTING_RANGES_H_
