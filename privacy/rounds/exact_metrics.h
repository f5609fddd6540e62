// The "metrics" vector of a round without noise (proto/messages/plan.proto),
// written by every device and read from the sum by the coordinator. A number
// below 2^22 takes two entries of 11 bits, low then high, x = low + 2^11 high.
// Entries of 32 bits hold the sum of 2^21 such, so that the sum of a number,
// sum(low) + 2^11 sum(high), is exact in any cohort that the protocol allows.
//
// Pure functions; thread-safe.

#ifndef SOTTO_PRIVACY_ROUNDS_EXACT_METRICS_H_
#define SOTTO_PRIVACY_ROUNDS_EXACT_METRICS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sotto::privacy {

inline constexpr std::size_t kExactMetrics = 5;
inline constexpr std::uint32_t kMetricDigitBits = 11;
// A number above it counts as it.
inline constexpr std::uint64_t kMaxMetric =
    (std::uint64_t{1} << 2 * kMetricDigitBits) - 1;

// Of the vector.
inline constexpr std::uint32_t kMetricsLength = 2 * kExactMetrics;
inline constexpr std::uint32_t kMetricsBits = 32;
inline constexpr std::uint64_t kMetricsBound = std::uint64_t{1}
                                               << kMetricDigitBits;

// Numbers are rounded; those below 0 and NaN count as 0.
std::vector<std::uint32_t> EncodeMetrics(
    const std::array<double, kExactMetrics>& numbers);

// The sums of the numbers, from the sum of the vectors: as many entries,
// asserted.
std::array<std::uint64_t, kExactMetrics> DecodeMetrics(
    std::span<const std::uint32_t> sum);

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_ROUNDS_EXACT_METRICS_H_
