#include "privacy/rounds/exact_metrics.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace sotto::privacy {

std::vector<std::uint32_t> EncodeMetrics(
    const std::array<double, kExactMetrics>& numbers) {
  std::vector<std::uint32_t> entries;
  for (const double number : numbers) {
    const auto whole =
        number > 0 ? static_cast<std::uint32_t>(std::min(
                         static_cast<double>(kMaxMetric), std::round(number)))
                   : std::uint32_t{0};
    entries.push_back(whole & (kMetricsBound - 1));
    entries.push_back(whole >> kMetricDigitBits);
  }
  return entries;
}

std::array<std::uint64_t, kExactMetrics> DecodeMetrics(
    std::span<const std::uint32_t> sum) {
  assert(sum.size() == kMetricsLength);
  std::array<std::uint64_t, kExactMetrics> numbers = {};
  for (std::size_t i = 0; i < kExactMetrics; ++i) {
    numbers[i] =
        sum[2 * i] + (std::uint64_t{sum[2 * i + 1]} << kMetricDigitBits);
  }
  return numbers;
}

}  // namespace sotto::privacy
