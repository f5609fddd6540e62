// Rounds with noise under a privacy budget: the coordinator's side.

#include <cmath>
#include <cstring>

#include "gmock/gmock.h"
#include "server/rounds/test_noisy_rounds.h"

namespace sotto::server {
namespace {

using ::testing::HasSubstr;
using Privacy = v1::Plan::Privacy;

TEST(PrivacyBudget, ANoisyRoundCommitsAMeanAroundThePlainOne) {
  TestFleet fleet("noisy");
  AddNoise(fleet.plan(), 3);
  ASSERT_THAT(fleet.CreateTask(ManyRounds(fleet)), IsOk());
  RunRound(fleet);
  const v1::RoundStatus round = fleet.Explain(1);
  ASSERT_EQ(round.state(), kCommitted) << round.reason();
  EXPECT_TRUE(round.noisy());
  EXPECT_EQ(round.near_boundary(), 0);
  EXPECT_EQ(round.eval_count(), 4);
  EXPECT_GE(round.eval_correct(), 0);
  EXPECT_LE(round.eval_correct(), 4);
  EXPECT_EQ(round.train_examples(), 0);
  EXPECT_EQ(round.update_sum().size(), 32u * 4);
  // Means of 0.025 (i - 9.5), under noise of 2 * 16 * sqrt(4 / 3) / 4 each.
  const Bytes weights = fleet.keeper().Export("train", 1).value();
  double squares = 0;
  for (std::uint32_t i = 0; i < kTestWeights; ++i) {
    float weight = 0;
    std::memcpy(&weight, weights.data() + 4 * i, 4);
    const double noise = weight - 0.025 * (i - 9.5);
    EXPECT_LT(std::abs(noise), 9.3 * 7);
    squares += noise * noise;
  }
  EXPECT_GT(squares / kTestWeights, 9.2 * 9.2 / 8);
}

TEST(PrivacyBudget, TheTaskEndsWhenTheNextRoundWouldExceedTheBudget) {
  TestFleet fleet("budget");
  AddNoise(fleet.plan(), 2);
  ASSERT_THAT(fleet.CreateTask(ManyRounds(fleet)), IsOk());
  RunRound(fleet);
  v1::TaskStatus status = fleet.keeper().GetTask("train").value();
  EXPECT_EQ(status.state(), "running");
  EXPECT_EQ(status.privacy().releases(), 1u);
  EXPECT_GT(status.privacy().spent_epsilon(), 0);
  EXPECT_NEAR(status.privacy().next_epsilon(),
              status.privacy().budget_epsilon(), 1e-9);

  // The second round is in the ledger of a restarted coordinator too.
  fleet.Reopen();
  RunRound(fleet);
  fleet.Reopen();
  ASSERT_THAT(fleet.keeper().Tick(), IsOk());
  status = fleet.keeper().GetTask("train").value();
  EXPECT_EQ(status.state(), kOutOfBudget);
  EXPECT_THAT(status.reason(),
              HasSubstr("round 3 of task 'train' would bring epsilon to"));
  EXPECT_EQ(status.rounds_committed(), 2u);
  EXPECT_EQ(status.rounds_size(), 2);
  EXPECT_EQ(status.privacy().releases(), 2u);
  EXPECT_LE(status.privacy().spent_epsilon(),
            status.privacy().budget_epsilon());
  EXPECT_EQ(fleet.keeper().num_open_rounds(), 0u);
  fleet.device(0).Restart();
  EXPECT_FALSE(*fleet.Join(0));
}

TEST(PrivacyBudget, ParticipationLimitsStretchTheBudget) {
  TestFleet fleet("limits");
  // Every user in one round at most.
  fleet.plan().mutable_participation()->set_max_participations(1);
  AddNoise(fleet.plan(), 5);
  EXPECT_NEAR(
      fleet.plan().privacy().epsilon(),
      privacy::SpentEpsilon(
          std::vector{
              EntryOf(fleet.plan(), 1,
                      DearestRelease(fleet.plan(), kTestWeights, 3).value())
                  .value()},
          kDelta)
          .value(),
      1e-9);
}

TEST(PrivacyBudget, ATaskWhoseFirstRoundIsTooDearIsRefused) {
  TestFleet fleet("first");
  AddNoise(fleet.plan(), 1);
  fleet.plan().mutable_privacy()->set_epsilon(0.1);
  EXPECT_THAT(fleet.CreateTask(ManyRounds(fleet)),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("round 1 of task 'train'")));
  EXPECT_THAT(fleet.keeper().GetTask("train"),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST(PrivacyBudget, TasksOfAFamilyShareALedger) {
  TestFleet fleet("family");
  AddNoise(fleet.plan(), 1);
  ASSERT_THAT(fleet.CreateTask(ManyRounds(fleet)), IsOk());
  // The open round of the first task counts already.
  v1::CreateTaskRequest second = ManyRounds(fleet);
  second.set_task("again");
  v1::Plan plan = fleet.plan();
  plan.set_task("again");
  const auto create = [&] {
    return fleet.keeper().CreateTask(second, AsBytes(plan.SerializeAsString()));
  };
  EXPECT_THAT(create(), StatusIs(absl::StatusCode::kResourceExhausted,
                                 HasSubstr("task 'again'")));
  plan.set_model("another");
  EXPECT_THAT(create(), IsOk());
}

TEST(PrivacyBudget, AfterAReleaseWithoutNoiseNoBudgetHolds) {
  TestFleet fleet("bare");
  ASSERT_THAT(fleet.CreateTask(fleet.Request()), IsOk());
  RunRound(fleet);
  ASSERT_EQ(fleet.Explain(1).state(), kCommitted);
  v1::CreateTaskRequest second = ManyRounds(fleet);
  second.set_task("again");
  v1::Plan plan = fleet.plan();
  plan.set_task("again");
  AddNoise(plan, 100);
  EXPECT_THAT(
      fleet.keeper().CreateTask(second, AsBytes(plan.SerializeAsString())),
      StatusIs(
          absl::StatusCode::kResourceExhausted,
          HasSubstr("round 1 of task 'train' was released without noise")));
}

TEST(PrivacyBudget, WithFewerThanTheNoiseIsSharedAmongNothingIsReleased) {
  TestFleet fleet("few");
  AddNoise(fleet.plan(), 3);
  ASSERT_THAT(fleet.CreateTask(ManyRounds(fleet)), IsOk());
  RunRound(fleet, {2, 3});
  EXPECT_EQ(fleet.Explain(1).state(), kAbandoned);
  EXPECT_THAT(fleet.keeper().Export("train", 1),
              StatusIs(absl::StatusCode::kNotFound));
  // Nothing was unmasked, so nothing was spent.
  EXPECT_EQ(fleet.keeper().GetTask("train")->privacy().releases(), 0u);
}

TEST(PrivacyBudget, ALedgerRowIsWrittenOnceAndDamageIsSeen) {
  TestFleet fleet("rows");
  AddNoise(fleet.plan(), 3);
  PrivacyLedger ledger(fleet.store());
  const auto release = DearestRelease(fleet.plan(), kTestWeights, 3).value();
  ASSERT_THAT(ledger.Record("test", fleet.plan(), 1, release), IsOk());
  ASSERT_THAT(ledger.Record("test", fleet.plan(), 1, std::nullopt), IsOk());
  const auto entries = ledger.Entries("test", "m");
  ASSERT_THAT(entries, IsOk());
  ASSERT_EQ(entries->size(), 1u);
  EXPECT_EQ((*entries)[0].noise->central_std, 32);
  EXPECT_TRUE(ledger.Entries("other", "m")->empty());
  ASSERT_THAT(fleet.store().PutSpending({.population = "test",
                                         .model = "m",
                                         .task = "x",
                                         .round = 2,
                                         .release = Bytes(3, 0xff)}),
              IsOk());
  EXPECT_THAT(ledger.Entries("test", "m"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("task 'x'")));
}

TEST(PrivacyBudget, ASumThatIsTooLongIsWithheld) {
  TestFleet fleet("long");
  AddNoise(fleet.plan(), 3);
  fleet.plan().mutable_privacy()->set_central_std(0.5);
  v1::SessionManifest manifest;
  manifest.set_cohort_size(4);
  manifest.set_min_survivors(3);
  const Bytes weights(kTestWeights * 4, 0);
  RoundSum sum{.update = std::vector<std::uint32_t>(32, 0),
               .metrics = {},
               .included = 4,
               .cohort = 4,
               .manifest = &manifest};
  EXPECT_THAT(ApplySum(fleet.plan(), {}, weights, {}, sum), IsOk());
  sum.update.assign(32, 15'000);  // norm 15 sqrt(32), more than 4 clips of 16
  EXPECT_THAT(ApplySum(fleet.plan(), {}, weights, {}, sum),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("release withheld: the sum has norm")));
  sum.update.assign(32, 0);
  sum.included = 2;
  EXPECT_THAT(ApplySum(fleet.plan(), {}, weights, {}, sum),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("2 devices are in the sum")));
}

TEST(PrivacyBudget, ATaskWhoseNoiseDoesNotFitItsCohortsIsRefused) {
  TestFleet fleet("fit");
  AddNoise(fleet.plan(), 3);
  fleet.plan().mutable_encode()->set_bits(18);
  EXPECT_THAT(fleet.CreateTask(ManyRounds(fleet)),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("noise with cohorts of 3 to 4")));
}

}  // namespace
}  // namespace sotto::server
