#include "client/policy/privacy_budget.h"

#include <cmath>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "privacy/rounds/round_noise.h"
#include "tests/support/status_matchers.h"

namespace sotto::client {
namespace {

using ::testing::HasSubstr;

v1::Plan NoisyPlan() {
  v1::Plan plan;
  plan.set_task("train");
  plan.set_model("digits/cnn");
  plan.mutable_encode()->set_clip_norm(1);
  plan.mutable_encode()->set_scale(4096);
  plan.mutable_encode()->set_bits(28);
  plan.mutable_encode()->set_max_weight(1);
  plan.mutable_secure_aggregation()->set_min_cohort(10);
  plan.mutable_secure_aggregation()->set_corrupted_fraction(0.1);
  v1::Plan::Privacy& privacy = *plan.mutable_privacy();
  privacy.set_noise(v1::Plan::Privacy::DISCRETE_GAUSSIAN);
  privacy.set_noise_multiplier(3);
  privacy.set_epsilon(20);
  privacy.set_delta(1e-6);
  privacy.set_unit(v1::Plan::Privacy::USER);
  privacy.set_sampling(v1::Plan::Privacy::NO_AMPLIFICATION);
  return plan;
}

class PrivacyBudgetTest : public ::testing::Test {
 protected:
  v1::NoisyRelease Next() {
    return PlannedRelease(plan_, policy_, 1000).value();
  }
  std::vector<privacy::LedgerEntry> Rounds(std::uint64_t count) {
    std::vector<privacy::LedgerEntry> entries;
    for (std::uint64_t r = 1; r <= count; ++r) {
      entries.push_back({.task = "train", .round = r});
      EXPECT_THAT(privacy::SetNoise(Next(), entries.back()), IsOk());
    }
    return entries;
  }
  double CostOf(std::uint64_t rounds) {
    return privacy::SpentEpsilon(Rounds(rounds), policy_.delta).value();
  }

  v1::Plan plan_ = NoisyPlan();
  LocalPolicy policy_;
};

TEST_F(PrivacyBudgetTest, ACoordinatorsNoiseNeedsTheUsersWord) {
  plan_.mutable_privacy()->set_noise(v1::Plan::Privacy::COORDINATOR_GAUSSIAN);
  EXPECT_THAT(CheckNoise(plan_, policy_),
              StatusIs(kDenied, HasSubstr("policy.trust_coordinator_noise")));
  policy_.allow_without_noise = true;
  EXPECT_THAT(CheckNoise(plan_, policy_), StatusIs(kDenied));
  policy_.trust_coordinator_noise = true;
  EXPECT_THAT(CheckNoise(plan_, policy_), IsOk());
}

// Of 64 leaves: alone one is in 7 nodes; its neighbour shares 6 of them, so
// both together are worth 2 + 6 * 4 nodes.
TEST_F(PrivacyBudgetTest, RoundsOfATreeCostMoreTheNearerTheyAre) {
  plan_.set_task("train");
  plan_.mutable_privacy()->set_noise(v1::Plan::Privacy::COORDINATOR_TREE);
  plan_.mutable_privacy()->set_rounds(64);
  plan_.mutable_privacy()->set_epsilon(1e6);
  policy_.max_epsilon = 1e6;
  policy_.trust_horizon_rounds = 0;
  const auto history = Rounds(1);
  const auto spent = [&](std::uint64_t round) {
    return CheckBudget(history, plan_, Next(), round, policy_).value();
  };
  const auto nodes = [&](double count) {
    privacy::LedgerEntry one{.task = "one", .round = 1};
    EXPECT_THAT(privacy::SetNoise(Next(), one), IsOk());
    one.noise->central_std /= std::sqrt(count);
    one.noise_rounds = 0;
    return privacy::SpentEpsilon({&one, 1}, policy_.delta).value();
  };
  EXPECT_NEAR(CheckBudget({}, plan_, Next(), 1, policy_).value(), nodes(7),
              1e-9);
  EXPECT_NEAR(spent(2), nodes(2 + 6 * 4), 1e-9);
  EXPECT_NEAR(spent(64), nodes(2 * 6 + 4), 1e-9);
  // An assumed round may have been the neighbour, or worse.
  policy_.trust_horizon_rounds = 1;
  EXPECT_GE(CheckBudget({}, plan_, Next(), 2, policy_).value(),
            nodes(2 + 6 * 4));
}

TEST_F(PrivacyBudgetTest, NoNoiseNeedsTheUsersWord) {
  EXPECT_THAT(CheckNoise(plan_, policy_), IsOk());
  plan_.clear_privacy();
  EXPECT_THAT(CheckNoise(plan_, policy_),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       HasSubstr("policy.allow_without_noise")));
  policy_.allow_without_noise = true;
  EXPECT_THAT(CheckNoise(plan_, policy_), IsOk());
}

TEST_F(PrivacyBudgetTest, NoiseThatIsNotStatedWhollyIsRefused) {
  plan_.mutable_privacy()->clear_unit();
  policy_.allow_without_noise = true;
  EXPECT_THAT(
      CheckNoise(plan_, policy_),
      StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("privacy.unit")));
}

TEST_F(PrivacyBudgetTest, TheNextRoundIsCountedInAndTheBudgetIsInclusive) {
  policy_.max_epsilon = CostOf(4);
  EXPECT_EQ(CheckBudget(Rounds(3), plan_, Next(), 50, policy_).value(),
            policy_.max_epsilon);
  EXPECT_THAT(CheckBudget(Rounds(4), plan_, Next(), 50, policy_),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("policy.max_epsilon")));
}

TEST_F(PrivacyBudgetTest, AFreshStorageCountsAsTheTrustHorizon) {
  policy_.trust_horizon_rounds = 5;
  policy_.max_epsilon = CostOf(6);
  EXPECT_EQ(CheckBudget({}, plan_, Next(), 50, policy_).value(),
            policy_.max_epsilon);
  policy_.trust_horizon_rounds = 6;
  EXPECT_THAT(CheckBudget({}, plan_, Next(), 50, policy_),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("trust_horizon_rounds")));
  // Once there is a history, that counts.
  EXPECT_THAT(CheckBudget(Rounds(1), plan_, Next(), 50, policy_), IsOk());
}

TEST_F(PrivacyBudgetTest, ThePlansOwnBudgetBindsTheDeviceToo) {
  policy_.max_epsilon = 100;
  plan_.mutable_privacy()->set_epsilon(CostOf(2));
  EXPECT_THAT(CheckBudget(Rounds(1), plan_, Next(), 50, policy_), IsOk());
  EXPECT_THAT(CheckBudget(Rounds(2), plan_, Next(), 50, policy_),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("the plan's own budget")));
  // Rounds that were only assumed are the policy's matter.
  EXPECT_THAT(CheckBudget({}, plan_, Next(), 50, policy_), IsOk());
}

TEST_F(PrivacyBudgetTest, WithTheDefaultsOneNoisyRoundFitsAndABareOneDoesNot) {
  EXPECT_THAT(CheckBudget({}, plan_, Next(), 50, LocalPolicy()), IsOk());
  plan_.mutable_privacy()->set_noise_multiplier(0.5);
  EXPECT_THAT(CheckBudget({}, plan_, Next(), 50, LocalPolicy()),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(PrivacyBudgetTest, NoiseThatDoesNotFitTheModelIsRefused) {
  plan_.mutable_encode()->set_scale(2);
  EXPECT_THAT(
      PlannedRelease(plan_, policy_, 1000),
      StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("too coarse")));
}

}  // namespace
}  // namespace sotto::client
