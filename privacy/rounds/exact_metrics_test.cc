#include "privacy/rounds/exact_metrics.h"

#include <cmath>

#include "gtest/gtest.h"

namespace sotto::privacy {
namespace {

using Numbers = std::array<std::uint64_t, kExactMetrics>;

TEST(ExactMetricsTest, ANumberIsItsTwoDigits) {
  EXPECT_EQ(
      EncodeMetrics({1, 2047, 2048, 5000, 4194303}),
      (std::vector<std::uint32_t>{1, 0, 2047, 0, 0, 1, 904, 2, 2047, 2047}));
}

TEST(ExactMetricsTest, NumbersAreRoundedAndCapped) {
  EXPECT_EQ(DecodeMetrics(EncodeMetrics({-3, NAN, 2.4, 2.5, 1e12})),
            (Numbers{0, 0, 2, 3, kMaxMetric}));
  EXPECT_EQ(
      DecodeMetrics(EncodeMetrics({HUGE_VAL, 4194302.4, 4194303.4, 0, 1})),
      (Numbers{kMaxMetric, 4194302, kMaxMetric, 0, 1}));
}

// The largest cohort of the protocol (graph/threshold.h), each at its most.
TEST(ExactMetricsTest, SumsOfTheLargestCohortDoNotWrap) {
  constexpr std::uint64_t kDevices = 65535;
  const std::vector<std::uint32_t> one =
      EncodeMetrics({0, 1, 4194303, 2048, 123456});
  std::vector<std::uint32_t> sum(kMetricsLength, 0);
  for (std::uint64_t device = 0; device < kDevices; ++device) {
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += one[i];
  }
  EXPECT_EQ(DecodeMetrics(sum), (Numbers{0, kDevices, kDevices * 4194303,
                                         kDevices * 2048, kDevices * 123456}));
  EXPECT_LE(kDevices * (kMetricsBound - 1) + 1,
            std::uint64_t{1} << kMetricsBits);
}

}  // namespace
}  // namespace sotto::privacy
