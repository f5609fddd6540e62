#include "secure_agg/graph/threshold.h"

#include "base/fraction.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::secure_agg {
namespace {

TEST(ThresholdTest, NoServerCanCollectBothSecretsOfOneClient) {
  for (std::uint32_t n = 3; n < 200; ++n) {
    for (const double gamma : {0.0, 0.05, 0.1, 0.2, 0.33}) {
      const auto params = CompleteGraph(n, gamma);
      if (!params.ok()) continue;
      const auto a = MembersIn(gamma, n);
      EXPECT_GT(2 * params->threshold, params->neighbours + a);
      EXPECT_LE(2 * (params->threshold - 1), params->neighbours + a);
      EXPECT_LE(params->threshold, params->neighbours);
    }
  }
}

// Less than n/3 corrupted gives t > 2n/3 - 1 holders; the server alone needs a
// bare majority.
TEST(ThresholdTest, KnownAnswersOfTheCompleteGraph) {
  EXPECT_EQ(CompleteGraph(3, 0)->threshold, 2u);
  EXPECT_EQ(CompleteGraph(24, 0)->threshold, 12u);
  EXPECT_EQ(CompleteGraph(24, 0.1)->threshold, 13u);
  EXPECT_EQ(CompleteGraph(100, 0.33)->threshold, 67u);
}

TEST(ThresholdTest, RoundingDoesNotLoseACorruptedMember) {
  // a = 29, not 28.
  EXPECT_EQ(CompleteGraph(100, 0.29)->threshold, 65u);
}

TEST(ThresholdTest, ImpossibleCohortsAreRefused) {
  EXPECT_THAT(CompleteGraph(2, 0),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(CompleteGraph(10, 0.5),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace sotto::secure_agg
