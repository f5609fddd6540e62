#include "privacy/accounting/participation.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "gtest/gtest.h"
#include "privacy/accounting/gaussian.h"
#include "privacy/accounting/matrix_sensitivity.h"
#include "privacy/accounting/rdp.h"
#include "privacy/accounting/tree_sensitivity.h"
#include "privacy/accounting/zcdp.h"
#include "tests/support/status_matchers.h"

namespace sotto::privacy {
namespace {

using absl::StatusCode::kFailedPrecondition;
using absl::StatusCode::kInvalidArgument;
using Pattern = std::vector<std::int64_t>;

// Calls `visit` with every allowed pattern of at least one round.
void ForEachPattern(const Participation& limits,
                    const std::function<void(const Pattern&)>& visit,
                    Pattern pattern = {}) {
  if (!pattern.empty()) visit(pattern);
  if (static_cast<std::int64_t>(pattern.size()) == limits.max_participations) {
    return;
  }
  const std::int64_t from =
      pattern.empty() ? 0 : pattern.back() + limits.min_separation;
  for (std::int64_t t = from; t < limits.rounds; ++t) {
    Pattern longer = pattern;
    longer.push_back(t);
    ForEachPattern(limits, visit, longer);
  }
}

double TreeByEnumeration(const Participation& limits) {
  double best = 0;
  ForEachPattern(limits, [&](const Pattern& pattern) {
    double squared = 0;
    for (std::int64_t block = 1; block <= limits.rounds; block *= 2) {
      for (std::int64_t at = 0; at + block <= limits.rounds; at += block) {
        const auto inside = std::count_if(
            pattern.begin(), pattern.end(),
            [&](std::int64_t t) { return t >= at && t < at + block; });
        squared += static_cast<double>(inside * inside);
      }
    }
    best = std::max(best, squared);
  });
  return best;
}

double ToeplitzByEnumeration(const std::vector<double>& coefficients,
                             const Participation& limits) {
  double best = 0;
  ForEachPattern(limits, [&](const Pattern& pattern) {
    double squared = 0;
    for (std::int64_t t = 0; t < limits.rounds; ++t) {
      double sum = 0;
      for (const std::int64_t j : pattern) {
        const auto lag = static_cast<std::size_t>(t - j);
        if (t >= j && lag < coefficients.size()) sum += coefficients[lag];
      }
      squared += sum * sum;
    }
    best = std::max(best, squared);
  });
  return best;
}

TEST(TreeSensitivityTest, TheProductionRunAgreesWithItsKnownAnswer) {
  const TreeSensitivity sensitivity =
      TreeSquaredSensitivity({2000, 313, 6}).value();
  EXPECT_EQ(sensitivity.squared, 79);
  EXPECT_TRUE(sensitivity.exact);
  const double rho = GaussianRho(std::sqrt(79.0), 7).value();
  EXPECT_NEAR(rho, 0.806122, 1e-6);
  std::vector<double> orders;
  for (int i = 11; i <= 109; ++i) orders.push_back(i / 10.0);
  for (int i = 12; i <= 63; ++i) orders.push_back(i);
  auto renyi = RdpAccountant::Create(orders).value();
  ASSERT_THAT(renyi.AddGaussian(7 / std::sqrt(79.0), 1), IsOk());
  EXPECT_NEAR(renyi.Epsilon(1e-10).value().value, 8.8986, 5e-5);
  EXPECT_LT(GaussianEpsilonFromRho(rho, 1e-10).value(), 8.8986);
}

TEST(TreeSensitivityTest, ASingleTreeAgreesWithItsKnownAnswers) {
  const double levels = TreeSquaredSensitivity({1600, 1600, 1}).value().squared;
  EXPECT_EQ(levels, 11);
  const struct {
    double noise, below, epsilon;
  } cases[] = {{1.13, 19.74, 18.7096}, {8.83, 2.04, 1.7732}};
  for (const auto& c : cases) {
    auto renyi = RdpAccountant::Create(DefaultRdpOrders()).value();
    ASSERT_THAT(renyi.AddGaussian(c.noise / std::sqrt(levels), 1), IsOk());
    const double epsilon = renyi.Epsilon(1e-6).value().value;
    EXPECT_NEAR(epsilon, c.epsilon, 5e-4);
    EXPECT_LT(epsilon, c.below);
  }
}

TEST(TreeSensitivityTest, TheSearchFindsWhatEnumerationFinds) {
  for (std::int64_t rounds = 1; rounds <= 21; ++rounds) {
    for (std::int64_t separation = 1; separation <= 6; ++separation) {
      for (std::int64_t most = 1; most <= 4; ++most) {
        const Participation limits{rounds, separation, most};
        EXPECT_EQ(TreeSquaredSensitivity(limits).value().squared,
                  TreeByEnumeration(limits))
            << rounds << " " << separation << " " << most;
        EXPECT_LE(TreeByEnumeration(limits),
                  TreeSquaredSensitivityBound(limits).value());
      }
    }
  }
}

TEST(TreeSensitivityTest, MoreRoundsOrLessSeparationNeverHelp) {
  double before = 0;
  for (std::int64_t rounds = 50; rounds < 1000; rounds += 50) {
    const double here = TreeSquaredSensitivity({rounds, 40, 9}).value().squared;
    EXPECT_GE(here, before);
    EXPECT_GE(TreeSquaredSensitivity({rounds, 30, 9}).value().squared, here);
    before = here;
  }
}

TEST(TreeSensitivityTest, WhereTheSearchIsTooLongTheBoundStandsIn) {
  const TreeSensitivity hard =
      TreeSquaredSensitivity({1 << 20, 3, 300000}).value();
  EXPECT_FALSE(hard.exact);
  EXPECT_EQ(hard.squared,
            TreeSquaredSensitivityBound({1 << 20, 3, 300000}).value());
}

TEST(MatrixSensitivityTest, BandedRunsAgreeWithTheirKnownAnswers) {
  // Columns of squared norm 1/5 make 2000 rounds of 400 bands one unit; of 1 in
  // the second run.
  const double first =
      BandedSquaredSensitivity(0.2, 400, {2000, 484, 3}).value();
  EXPECT_NEAR(GaussianRho(std::sqrt(first), 1.411).value(), 0.1506840301548885,
              1e-14);
  const double second =
      BandedSquaredSensitivity(1, 1000, {2000, 1428, 2}).value();
  EXPECT_NEAR(GaussianRho(std::sqrt(second), 8.35).value(),
              0.014342572340349278, 1e-15);
}

TEST(MatrixSensitivityTest, ToeplitzMatchesEnumerationAndTheBandedFormula) {
  const std::vector<double> narrow = {1, 0.5, 0.25};
  const std::vector<double> wide = {1,      0.5,    0.375, 0.3125,
                                    0.2734, 0.2461, 0.2256};
  for (std::int64_t separation = 1; separation <= 5; ++separation) {
    for (std::int64_t most = 1; most <= 4; ++most) {
      const Participation limits{14, separation, most};
      for (const auto& coefficients : {narrow, wide}) {
        EXPECT_NEAR(ToeplitzSquaredSensitivity(coefficients, limits).value(),
                    ToeplitzByEnumeration(coefficients, limits), 1e-10)
            << separation << " " << most;
      }
    }
  }
  EXPECT_NEAR(ToeplitzSquaredSensitivity(narrow, {14, 4, 3}).value(),
              BandedSquaredSensitivity(1.3125, 3, {14, 4, 3}).value(), 1e-10);
}

TEST(MatrixSensitivityTest, TheIdentityIsPlainComposition) {
  EXPECT_NEAR(
      ToeplitzSquaredSensitivity(std::vector<double>{1}, {100, 1, 7}).value(),
      7, 1e-10);
}

TEST(ParticipationTest, TheSeparationLimitsHowOftenAUserTakesPart) {
  EXPECT_EQ((Participation{2000, 484, 3}).Limit(), 3);
  EXPECT_EQ((Participation{2000, 484, 9}).Limit(), 5);
  EXPECT_EQ((Participation{2000, 5000, 9}).Limit(), 1);
}

TEST(ParticipationTest, ArgumentsOutOfRangeAreNamed) {
  EXPECT_THAT(TreeSquaredSensitivity({0, 1, 1}),
              StatusIs(kInvalidArgument, testing::HasSubstr("rounds")));
  EXPECT_THAT(TreeSquaredSensitivity({10, 0, 1}),
              StatusIs(kInvalidArgument, testing::HasSubstr("separation")));
  EXPECT_THAT(TreeSquaredSensitivity({10, 1, 0}),
              StatusIs(kInvalidArgument, testing::HasSubstr("participations")));
  EXPECT_THAT(BandedSquaredSensitivity(1, 5, {10, 4, 2}),
              StatusIs(kFailedPrecondition, testing::HasSubstr("overlap")));
  EXPECT_THAT(BandedSquaredSensitivity(NAN, 4, {10, 4, 2}),
              StatusIs(kInvalidArgument, testing::HasSubstr("column norm")));
  const std::vector<double> grows = {1, 0.5, 0.6}, negative = {1, -0.5};
  EXPECT_THAT(ToeplitzSquaredSensitivity(grows, {10, 4, 2}),
              StatusIs(kInvalidArgument, testing::HasSubstr("not grow")));
  EXPECT_THAT(ToeplitzSquaredSensitivity(negative, {10, 4, 2}),
              StatusIs(kInvalidArgument));
  EXPECT_THAT(ToeplitzSquaredSensitivity({}, {10, 4, 2}),
              StatusIs(kInvalidArgument));
}

}  // namespace
}  // namespace sotto::privacy
