// Attacks on when, and on what terms, a device takes part at all: S8 rounds
// again and forked chains of models, S9 too many rounds, S10 plans that leave
// out what the SDK does, S12 sums without noise, S27 another plan than the
// signed one, or less noise.
//
// Each Start is a process of its own, over the same storage.

#include "tests/evil_server/whole_device.h"

#include <functional>
#include <limits>

#include "client/storage/sqlite_decision_log.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::evil {
namespace {

using ::testing::HasSubstr;

// As a session does before its input leaves.
void Contribute(WholeDevice& device, std::uint64_t round) {
  client::SqliteDecisionLog log(device.database(), SystemClock());
  ASSERT_THAT(log.RecordContribution("train", round, Bytes(16, 1)), IsOk());
}

TEST(S08SameRoundAgain, ARoundThatWasJoinedOrAnEarlierOneIsPassedOver) {
  WholeDevice device;
  EXPECT_THAT(device.Start({.round = 5}), IsOk());
  for (const std::uint64_t round : {5u, 4u, 1u}) {
    EXPECT_THAT(device.Start({.round = round}),
                StatusIs(absl::StatusCode::kNotFound));
  }
  EXPECT_EQ(device.joined(), 1);
  const auto model = device.ModelHash();
  EXPECT_THAT(
      device.Start({.round = 6,
                    .previous_model_hash = Bytes(model.begin(), model.end())}),
      IsOk());
  EXPECT_EQ(device.joined(), 2);
}

TEST(S08SameRoundAgain, ARoundWhoseModelDoesNotFollowFromTheLastIsRefused) {
  WholeDevice device;
  EXPECT_THAT(device.Start({.round = 5}), IsOk());
  for (const Bytes& other : {Bytes(32, 7), Bytes()}) {
    EXPECT_THAT(device.Start({.round = 6, .previous_model_hash = other}),
                StatusIs(kDenied, HasSubstr("different models")));
  }
  EXPECT_EQ(device.joined(), 1);
}

TEST(S09TooManyRounds, RoundsCloserThanThePlanAllowsAreRefused) {
  WholeDevice device;
  device.plan().mutable_participation()->set_min_separation_rounds(3);
  Contribute(device, 5);
  for (const std::uint64_t round : {6u, 7u}) {
    EXPECT_THAT(device.Start({.round = round}),
                StatusIs(absl::StatusCode::kFailedPrecondition,
                         HasSubstr("from round 8 on")));
  }
  EXPECT_EQ(device.joined(), 0);
  EXPECT_THAT(device.Start({.round = 8}), IsOk());
  EXPECT_EQ(device.joined(), 1);
}

TEST(S09TooManyRounds, MoreRoundsThanThePlanAllowsAreRefused) {
  WholeDevice device;
  device.plan().mutable_participation()->set_max_participations(2);
  Contribute(device, 1);
  EXPECT_THAT(device.Start({.round = 2}), IsOk());
  Contribute(device, 2);
  EXPECT_THAT(device.Start({.round = 4}),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("the plan allows 2")));
  EXPECT_EQ(device.joined(), 1);
}

TEST(S10CraftedModels, APlanForAnotherModelOrWithoutAClipIsRefused) {
  const std::vector<std::pair<absl::StatusCode, std::function<void(v1::Plan&)>>>
      lies = {{kDenied,
               [](auto& p) { p.set_architecture_hash(std::string(32, 'a')); }},
              {kDenied, [](auto& p) { p.set_model("shades/crafted"); }},
              {kDenied, [](auto& p) { p.set_task("another"); }},
              {absl::StatusCode::kInvalidArgument,
               [](auto& p) { p.mutable_encode()->set_clip_norm(0); }},
              {absl::StatusCode::kInvalidArgument,
               [](auto& p) { p.mutable_encode()->set_clip_norm(-1); }},
              {absl::StatusCode::kInvalidArgument, [](auto& p) {
                 p.mutable_encode()->set_clip_norm(
                     std::numeric_limits<double>::infinity());
               }}};
  for (const auto& [code, lie] : lies) {
    WholeDevice device;
    lie(device.plan());
    EXPECT_THAT(device.Start({.round = 1}), StatusIs(code));
    EXPECT_EQ(device.joined(), 0);
  }
}

TEST(S27OlderPlan, AnAssignmentToAnotherPlanThanTheSignedOneIsRefused) {
  WholeDevice device;
  EXPECT_THAT(
      device.Start({.round = 1, .plan_hash = crypto::Sha256(ToBytes("older"))}),
      StatusIs(kDenied, HasSubstr("the assignment names hash")));
  EXPECT_EQ(device.joined(), 0);
}

// Noise on every coordinate, as strong as the device's own budget asks for.
void AddNoise(v1::Plan& plan, double noise_multiplier) {
  plan.mutable_encode()->set_clip_norm(1);
  plan.mutable_encode()->set_scale(4096);
  plan.mutable_encode()->set_bits(28);
  plan.mutable_encode()->set_max_weight(1);
  plan.mutable_secure_aggregation()->set_min_cohort(10);
  plan.mutable_secure_aggregation()->set_corrupted_fraction(0.1);
  v1::Plan::Privacy& privacy = *plan.mutable_privacy();
  privacy.set_noise(v1::Plan::Privacy::DISCRETE_GAUSSIAN);
  privacy.set_noise_multiplier(noise_multiplier);
  privacy.set_epsilon(1000);
  privacy.set_delta(1e-6);
  privacy.set_unit(v1::Plan::Privacy::USER);
  privacy.set_sampling(v1::Plan::Privacy::NO_AMPLIFICATION);
}

TEST(S12ExactSums, APlanWithoutNoiseNeedsThePolicysWord) {
  WholeDevice device;
  device.policy().allow_without_noise = false;
  EXPECT_THAT(device.Start({.round = 1}),
              StatusIs(kDenied, HasSubstr("allow_without_noise")));
  EXPECT_EQ(device.joined(), 0);
  AddNoise(device.plan(), 3);
  EXPECT_THAT(device.Start({.round = 1}), IsOk());
  EXPECT_EQ(device.joined(), 1);
}

TEST(S27OlderPlan, APlanWithLessNoiseThanTheBudgetAllowsIsRefused) {
  WholeDevice device;
  device.policy().allow_without_noise = false;
  AddNoise(device.plan(), 0.5);
  EXPECT_THAT(device.Start({.round = 1}),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(device.joined(), 0);
  AddNoise(device.plan(), 3);
  EXPECT_THAT(device.Start({.round = 1}), IsOk());
}

}  // namespace
}  // namespace sotto::evil
