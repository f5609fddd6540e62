// Noise that a trusted coordinator adds, over rounds and restarts.

#include "server/rounds/coordinator_noise.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "server/rounds/test_noisy_rounds.h"

namespace sotto::server {
namespace {

using ::testing::HasSubstr;
using Privacy = v1::Plan::Privacy;

// A tree of three rounds, run to its end with a coordinator that restarts.
TEST(CoordinatorNoiseTest, ATreeEndsWithItsRounds) {
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
              HasSubstr("round 4 of task 'train' is after the last"));
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
  // 2 * 16 / 4 each, of kTestWeights chi-squares: below an eighth once in a
  // million, above four times less often.
  const double variance = 2 * 8.0 * 8.0;
  EXPECT_GT(squares / kTestWeights, variance / 8);
  EXPECT_LT(squares / kTestWeights, variance * 4);
}

// A matrix of three bands over four rounds, with a coordinator that restarts.
TEST(CoordinatorNoiseTest, AMatrixGoesOnFromItsLastRows) {
  TestFleet fleet("banded", 12);
  const std::vector<double> coefficients = privacy::SquareRootCoefficients(3);
  fleet.plan().mutable_participation()->set_min_separation_rounds(3);
  fleet.plan().mutable_privacy()->set_rounds(4);
  for (const double c : coefficients) {
    fleet.plan().mutable_privacy()->add_coefficients(c);
  }
  AddNoise(fleet.plan(), 4, Privacy::COORDINATOR_BANDED);
  ASSERT_THAT(fleet.CreateTask(ManyRounds(fleet)), IsOk());
  crypto::Secret<32> seed;
  std::ranges::copy(fleet.store().NoiseSeed("train").value(),
                    seed.RevealMutable().begin());
  auto reference = privacy::BandedRelease::Create(
                       32, privacy::NoiseMatrix(fleet.plan()).value(),
                       privacy::MatrixStdSteps(fleet.plan()).value(), seed)
                       .value();
  const auto expect_row = [&](const NoiseRowRecord& row, std::uint64_t round,
                              bool is_zero) {
    EXPECT_EQ(row.round, round);
    std::vector<std::int32_t> sum(32);
    ASSERT_EQ(row.sum.size(), 4 * sum.size());
    std::memcpy(sum.data(), row.sum.data(), row.sum.size());
    EXPECT_EQ(sum == std::vector<std::int32_t>(32, 0), is_zero);
    std::vector<double> release(32);
    ASSERT_THAT(reference.Next(sum, release), IsOk());
    ASSERT_EQ(row.release.size(), 8 * release.size());
    EXPECT_EQ(std::memcmp(row.release.data(), release.data(), 8 * 32), 0);
  };
  RunRound(fleet);
  auto rows = fleet.store().NoiseRows("train").value();
  ASSERT_EQ(rows.size(), 1u);
  expect_row(rows[0], 1, false);
  fleet.Reopen();
  RunRound(fleet, {6, 7}, 4);
  EXPECT_EQ(fleet.Explain(2).state(), kAbandoned);
  EXPECT_EQ(fleet.store().NoiseRows("train")->size(), 1u);
  RunRound(fleet, {}, 8);
  rows = fleet.store().NoiseRows("train").value();
  ASSERT_EQ(rows.size(), 2u);
  expect_row(rows[0], 2, true);
  expect_row(rows[1], 3, false);
  EXPECT_TRUE(fleet.Explain(3).update_sum().empty());
  // The sums of both committed rounds and the noise of all three.
  const Bytes weights = fleet.keeper().Export("train", 3).value();
  double squares = 0;
  for (std::uint32_t i = 0; i < kTestWeights; ++i) {
    float weight = 0;
    std::memcpy(&weight, weights.data() + 4 * i, 4);
    squares += std::pow(weight - (0.025 + 0.105) * (i - 9.5), 2);
  }
  const double variance =
      std::pow(8 * privacy::PartialSumNoise(coefficients, 3), 2);
  EXPECT_GT(squares / kTestWeights, variance / 8);
  EXPECT_LT(squares / kTestWeights, variance * 4);
  fleet.Reopen();
  RunRound(fleet);
  ASSERT_THAT(fleet.keeper().Tick(), IsOk());
  EXPECT_EQ(fleet.keeper().GetTask("train")->state(), kOutOfBudget);
  EXPECT_EQ(fleet.keeper().GetTask("train")->rounds_committed(), 3u);
  // A run that is over needs neither its sums nor its seed.
  EXPECT_TRUE(fleet.store().NoiseRows("train")->empty());
  EXPECT_THAT(fleet.store().NoiseSeed("train"),
              StatusIs(absl::StatusCode::kNotFound));
}

// Noise that devices share needs one set of survivors, so the complete graph.
TEST(CoordinatorNoiseTest, OnlyNoiseOfTheDevicesNeedsACompleteGraph) {
  TestFleet fleet("graph");
  AddNoise(fleet.plan(), 3, Privacy::COORDINATOR_GAUSSIAN);
  auto& secure = *fleet.plan().mutable_secure_aggregation();
  secure.set_min_cohort(2500);
  secure.set_corrupted_fraction(0.05);
  secure.set_dropout_fraction(0.1);
  fleet.plan().mutable_encode()->set_bits(32);
  auto request = fleet.Request();
  request.set_cohort_min(2500);
  request.set_cohort_goal(3000);
  EXPECT_THAT(CheckTask(request, fleet.plan()), IsOk());
  fleet.plan().mutable_privacy()->set_noise(Privacy::DISCRETE_GAUSSIAN);
  EXPECT_THAT(CheckTask(request, fleet.plan()),
              StatusIs(kInvalid, HasSubstr("that add noise")));
}

TEST(CoordinatorNoiseTest, NoiseOfTheCoordinatorIsThatOfTheTasksSeed) {
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
    CoordinatorNoise noise{.seed = {}, .round = round};
    noise.seed.RevealMutable()[0] = first;
    return AddCoordinatorNoise(fleet.plan(), std::move(noise), sum)
        .value()
        .values;
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
        tree, {.seed = {}, .round = round, .released = released, .rows = {}},
        sum);
  };
  std::vector<double> partial(sum.size());
  for (std::uint64_t round = 1; round <= 4; ++round) {
    const auto released = leaves(round - 1, round).value();
    for (std::size_t i = 0; i < sum.size(); ++i) {
      partial[i] += released.values[i];
    }
  }
  EXPECT_EQ(partial, leaves(0, 4).value().values);
  EXPECT_THAT(leaves(4, 5), StatusIs(kPrecondition));
  EXPECT_THAT(leaves(2, 2), StatusIs(kPrecondition));
  // Without a seed a sum is not released.
  const v1::SessionManifest manifest;
  RoundSum bare{.update = std::vector<std::uint32_t>(32, 0),
                .metrics = {},
                .included = 4,
                .cohort = 4,
                .manifest = &manifest};
  const Bytes weights(kTestWeights * 4, 0);
  EXPECT_THAT(ApplySum(fleet.plan(), {}, weights, {}, bare),
              StatusIs(kInvalid, HasSubstr("wants the coordinator's noise")));
  bare.manifest = nullptr;
  EXPECT_THAT(ApplySum(fleet.plan(), {}, weights, {}, bare),
              StatusIs(kInvalid, HasSubstr("wants the session's manifest")));
}

TEST(CoordinatorNoiseTest, NoiseOfSkippedRowsComesWithTheNext) {
  TestFleet fleet("skipped");
  AddNoise(fleet.plan(), 3, Privacy::COORDINATOR_GAUSSIAN);
  v1::Plan plan = fleet.plan();
  plan.mutable_privacy()->set_noise(Privacy::COORDINATOR_BANDED);
  plan.mutable_privacy()->set_rounds(4);
  for (const double c : {0.8, 0.5, 0.3}) {
    plan.mutable_privacy()->add_coefficients(c);
  }
  const std::vector<std::int32_t> sum(8, 0);
  const auto steps = [&](std::uint64_t released, std::uint64_t round,
                         std::vector<privacy::BandedRow> rows) {
    return AddCoordinatorNoise(plan,
                               {.seed = {},
                                .round = round,
                                .released = released,
                                .rows = std::move(rows)},
                               sum);
  };
  const NoisySteps first = steps(0, 1, {}).value();
  ASSERT_EQ(first.rows.size(), 1u);
  const NoisySteps second = steps(1, 2, first.rows).value();
  ASSERT_EQ(second.rows.size(), 1u);
  const NoisySteps third = steps(2, 3, {first.rows[0], second.rows[0]}).value();
  const NoisySteps both = steps(1, 3, first.rows).value();
  ASSERT_EQ(both.rows.size(), 2u);
  EXPECT_EQ(both.rows[0].release, second.rows[0].release);
  EXPECT_EQ(both.rows[1].release, third.rows[0].release);
  for (std::size_t i = 0; i < sum.size(); ++i) {
    EXPECT_EQ(both.values[i], second.values[i] + third.values[i]);
    EXPECT_NE(first.values[i], second.values[i]);
  }
  // Only the rows that the rounds to come need.
  EXPECT_EQ(steps(0, 4, {})->rows.size(), 2u);
  EXPECT_THAT(steps(2, 3, first.rows), StatusIs(kInvalid));
  EXPECT_THAT(steps(3, 5, both.rows), StatusIs(kPrecondition));
}

}  // namespace
}  // namespace sotto::server
