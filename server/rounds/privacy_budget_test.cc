// Rounds with noise under a privacy budget: the coordinator's side.

#include <cmath>
#include <set>

#include "gmock/gmock.h"
#include "privacy/rounds/round_noise.h"
#include "server/rounds/noisy_sum.h"
#include "server/rounds/privacy_ledger.h"
#include "server/rounds/round_state.h"
#include "server/rounds/test_fleet.h"
#include "tests/support/status_matchers.h"

namespace sotto::server {
namespace {

using ::testing::HasSubstr;
using Privacy = v1::Plan::Privacy;

constexpr double kDelta = 1e-6;

// Noise twice the clip, and epsilon for `rounds` rounds of all devices.
void AddNoise(v1::Plan& plan, int rounds,
              Privacy::Noise noise = Privacy::DISCRETE_GAUSSIAN) {
  plan.mutable_encode()->set_max_weight(1);
  Privacy& privacy = *plan.mutable_privacy();
  privacy.set_noise(noise);
  privacy.set_noise_multiplier(2);
  privacy.set_epsilon(1);
  privacy.set_delta(kDelta);
  privacy.set_unit(Privacy::USER);
  privacy.set_sampling(Privacy::NO_AMPLIFICATION);
  std::vector<privacy::LedgerEntry> entries;
  for (int r = 1; r <= rounds; ++r) {
    entries.push_back(EntryOf(plan, static_cast<std::uint64_t>(r),
                              DearestRelease(plan, kTestWeights, 3).value())
                          .value());
  }
  privacy.set_epsilon(privacy::SpentEpsilon(entries, kDelta).value());
}

v1::CreateTaskRequest ManyRounds(const TestFleet& fleet) {
  v1::CreateTaskRequest request = fleet.Request();
  request.set_rounds(10);
  return request;
}

// One round of all devices but those that vanish before their input.
void RunRound(TestFleet& fleet, const std::set<int>& vanish = {}) {
  for (int i = 0; i < fleet.size(); ++i) {
    fleet.device(i).Restart();
    ASSERT_TRUE(*fleet.Join(i));
  }
  const std::uint64_t round = fleet.keeper().GetTask("train")->rounds_size();
  for (int turn = 0; turn < 60; ++turn) {
    for (int i = 0; i < fleet.size(); ++i) {
      TestDevice& device = fleet.device(i);
      if (device.done()) continue;
      if (vanish.contains(i) && device.last().has_input()) continue;
      ASSERT_THAT(device.Turn(fleet.keeper()), IsOk()) << "device " << i;
    }
    fleet.clock().Advance(std::chrono::milliseconds(50));
    ASSERT_THAT(fleet.keeper().Tick(), IsOk());
    const std::string state = fleet.Explain(round).state();
    if (state == kCommitted || state == kAbandoned) return;
  }
  FAIL() << "round " << round << " has no end";
}

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

// A tree of three rounds, run to its end with a coordinator that restarts.
TEST(PrivacyBudget, ATreeEndsWithItsRounds) {
  TestFleet fleet("tree");
  fleet.plan().mutable_privacy()->set_rounds(3);
  AddNoise(fleet.plan(), 3, Privacy::COORDINATOR_TREE);
  ASSERT_THAT(fleet.CreateTask(ManyRounds(fleet)), IsOk());
  RunRound(fleet);
  fleet.Reopen();
  // Nothing of an abandoned round was unmasked, but it was a leaf.
  RunRound(fleet, {2, 3});
  EXPECT_EQ(fleet.Explain(2).state(), kAbandoned);
  RunRound(fleet);
  ASSERT_THAT(fleet.keeper().Tick(), IsOk());
  const v1::TaskStatus status = fleet.keeper().GetTask("train").value();
  EXPECT_EQ(status.state(), kOutOfBudget);
  EXPECT_THAT(status.reason(),
              HasSubstr("round 4 of task 'train' is after its tree"));
  EXPECT_EQ(status.rounds_committed(), 2u);
  EXPECT_EQ(status.privacy().releases(), 2u);
  const v1::RoundStatus round = fleet.Explain(3);
  EXPECT_TRUE(round.noisy());
  // It has no noise, so nobody is shown it.
  EXPECT_TRUE(round.update_sum().empty());
  // The partial sum has the noise of nodes [0, 2) and [2, 3).
  const Bytes weights = fleet.keeper().Export("train", 3).value();
  double squares = 0;
  for (std::uint32_t i = 0; i < kTestWeights; ++i) {
    float weight = 0;
    std::memcpy(&weight, weights.data() + 4 * i, 4);
    const double noise = weight - 2 * 0.025 * (i - 9.5);
    squares += noise * noise;
  }
  // 2 * 16 / 4 each, of kTestWeights chi-squares.
  const double variance = 2 * 8.0 * 8.0;
  EXPECT_GT(squares / kTestWeights, variance / 4);
  EXPECT_LT(squares / kTestWeights, variance * 3);
}

TEST(PrivacyBudget, NoiseOfTheCoordinatorIsThatOfTheTasksSeed) {
  TestFleet fleet("seed");
  AddNoise(fleet.plan(), 3, Privacy::COORDINATOR_GAUSSIAN);
  ASSERT_THAT(fleet.CreateTask(ManyRounds(fleet)), IsOk());
  RunRound(fleet);
  EXPECT_TRUE(fleet.Explain(1).noisy());
  const Bytes seed = fleet.store().NoiseSeed("train").value();
  EXPECT_EQ(seed.size(), 32u);
  EXPECT_THAT(fleet.store().InsertNoiseSeed("train", Bytes(32)),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(fleet.store().NoiseSeed("other"),
              StatusIs(absl::StatusCode::kNotFound));
  const std::vector<std::int32_t> sum(8, 0);
  const auto drawn = [&](std::uint8_t first, std::uint64_t round) {
    CoordinatorNoise noise{.seed = {}, .round = round, .released = 0};
    noise.seed.RevealMutable()[0] = first;
    return AddCoordinatorNoise(fleet.plan(), noise, sum).value();
  };
  EXPECT_EQ(drawn(1, 1), drawn(1, 1));
  EXPECT_NE(drawn(1, 1), drawn(2, 1));
  EXPECT_NE(drawn(1, 1), drawn(1, 2));
  // In a tree the rounds' noise adds up to that of the node above them,
  // whatever was released one by one.
  v1::Plan tree = fleet.plan();
  tree.mutable_privacy()->set_noise(Privacy::COORDINATOR_TREE);
  tree.mutable_privacy()->set_rounds(4);
  const auto leaves = [&](std::uint64_t released, std::uint64_t round) {
    return AddCoordinatorNoise(
        tree, {.seed = {}, .round = round, .released = released}, sum);
  };
  std::vector<double> partial(sum.size());
  for (std::uint64_t round = 1; round <= 4; ++round) {
    const auto released = leaves(round - 1, round).value();
    for (std::size_t i = 0; i < sum.size(); ++i) partial[i] += released[i];
  }
  EXPECT_EQ(partial, leaves(0, 4).value());
  EXPECT_THAT(leaves(4, 5), StatusIs(kPrecondition));
  EXPECT_THAT(leaves(2, 2), StatusIs(kPrecondition));
  // Without a seed a sum is not released.
  const RoundSum bare{.update = std::vector<std::uint32_t>(32, 0),
                      .metrics = {},
                      .included = 4,
                      .cohort = 4};
  EXPECT_THAT(ApplySum(fleet.plan(), {}, Bytes(kTestWeights * 4, 0), {}, bare),
              StatusIs(kInvalid));
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
