#include "server/rollout/statistics.h"

#include <array>
#include <cmath>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::server {
namespace {

constexpr std::array kEven = {1.0, 1.0};

MetricSample Errors(std::uint64_t count, std::uint64_t errors) {
  const double e = static_cast<double>(errors);
  return {.count = count, .sum = e, .sum_squares = e};
}

TEST(SampleRatioTest, GivesThePublishedPValues) {
  const std::array<std::uint64_t, 2> fine = {5100, 4900};
  EXPECT_NEAR(*SampleRatioPValue(fine, kEven), 0.0455, 0.00005);
  const std::array<std::uint64_t, 2> broken = {53000, 47000};
  const double p = *SampleRatioPValue(broken, kEven);
  EXPECT_NEAR(std::log10(p), std::log10(3e-80), 0.2);
}

TEST(SampleRatioTest, TheTailMatchesTables) {
  EXPECT_NEAR(ChiSquareTail(3.841, 1), 0.05, 1e-4);
  EXPECT_NEAR(ChiSquareTail(5.991, 2), 0.05, 1e-4);
  EXPECT_NEAR(ChiSquareTail(7.815, 3), 0.05, 1e-4);
  EXPECT_NEAR(ChiSquareTail(18.307, 10), 0.05, 1e-4);
  EXPECT_NEAR(ChiSquareTail(0, 3), 1.0, 1e-12);
}

TEST(SampleRatioTest, RefusesWhatHasNoRatio) {
  const std::array<std::uint64_t, 1> one = {5};
  EXPECT_THAT(SampleRatioPValue(one, std::array{1.0}), StatusIs(kInvalid));
  const std::array<std::uint64_t, 2> none = {0, 0};
  EXPECT_THAT(SampleRatioPValue(none, kEven), StatusIs(kInvalid));
  const std::array<std::uint64_t, 2> some = {1, 2};
  EXPECT_THAT(SampleRatioPValue(some, std::array{1.0, 0.0}),
              StatusIs(kInvalid));
}

// The formula of docs/protocol/rollout.md worked by hand for alpha = 0.05,
// n* = 5000: rho^2 = (4.605170 + ln 5.605170) / 5000 = 0.00126577.
TEST(GuardrailTest, TheHalfWidthIsThatOfTheFormula) {
  const Guardrail guardrail{.alpha = 0.05, .expected_sample = 5000};
  EXPECT_NEAR(GuardrailHalfWidth(guardrail, 5000, 0.25), 0.01965116, 1e-7);
  EXPECT_NEAR(GuardrailHalfWidth(guardrail, 100, 0.25), 0.33034440, 1e-7);
}

TEST(GuardrailTest, ABrokenArmIsARegression) {
  const std::vector<MetricSample> control = {Errors(60, 2)};
  const std::vector<MetricSample> treatment = {Errors(60, 54)};
  const auto bound = Bound({.alpha = 0.05, .expected_sample = 200},
                           Pool(control), Pool(treatment));
  ASSERT_THAT(bound, IsOk());
  EXPECT_TRUE(bound->regression);
  EXPECT_NEAR(bound->difference, 52.0 / 60, 1e-12);
}

TEST(GuardrailTest, ABetterArmIsNotARegression) {
  const std::vector<MetricSample> control = {Errors(60, 54)};
  const std::vector<MetricSample> treatment = {Errors(60, 2)};
  EXPECT_FALSE(Bound({}, Pool(control), Pool(treatment))->regression);
}

TEST(GuardrailTest, AnArmWithoutObservationsGivesNoBound) {
  const std::vector<MetricSample> control = {Errors(60, 2)};
  EXPECT_THAT(Bound({}, Pool(control), Pool({})), StatusIs(kInvalid));
  EXPECT_THAT(Bound({.alpha = 0.5}, Pool(control), Pool(control)),
              StatusIs(kInvalid));
}

TEST(GuardrailTest, DifferencesBetweenDevicesWidenTheBound) {
  const std::vector<MetricSample> alike = {Errors(50, 5), Errors(50, 5)};
  const std::vector<MetricSample> unlike = {Errors(50, 0), Errors(50, 10)};
  EXPECT_EQ(Pool(alike).mean, Pool(unlike).mean);
  EXPECT_GT(Pool(unlike).variance_of_mean, 2 * Pool(alike).variance_of_mean);
}

// Seeded, so it cannot flake: an A/A rollout looked at after every batch must
// rarely revert, and a fall from 1 % to 5 % failures must soon be seen.
TEST(GuardrailTest, PeekingFiveHundredTimesKeepsTheErrorRate) {
  std::mt19937_64 random(20260131);
  const Guardrail guardrail{.alpha = 0.05, .expected_sample = 5000};
  const auto regression_within = [&](double control_rate, double rate,
                                     int looks) {
    std::binomial_distribution<std::uint64_t> c(20, control_rate), t(20, rate);
    std::uint64_t c_errors = 0, t_errors = 0;
    for (int look = 1; look <= looks; ++look) {
      c_errors += c(random);
      t_errors += t(random);
      const std::uint64_t n = 20 * static_cast<std::uint64_t>(look);
      if (n < 100) continue;  // the minimum of events
      const std::vector<MetricSample> control = {Errors(n, c_errors)};
      const std::vector<MetricSample> treatment = {Errors(n, t_errors)};
      if (Bound(guardrail, Pool(control), Pool(treatment))->regression) {
        return true;
      }
    }
    return false;
  };
  int false_reverts = 0, caught = 0;
  for (int run = 0; run < 400; ++run) {
    false_reverts += regression_within(0.05, 0.05, 500);
    caught += regression_within(0.01, 0.05, 35);  // 700 a arm
  }
  EXPECT_LE(false_reverts, 20);
  EXPECT_GE(caught, 340);
}

}  // namespace
}  // namespace sotto::server
