#include "privacy/rounds/round_ledger.h"

#include <cmath>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "privacy/accounting/mechanism.h"
#include "tests/support/status_matchers.h"

namespace sotto::privacy {
namespace {

using ::testing::HasSubstr;

constexpr double kDelta = 1e-6;

DistributedNoise Noise(double central_std) {
  return {.kind = IntegerNoise::kDiscreteGaussian,
          .clip = 1,
          .dimension = 1 << 16,
          .scale = 1000,
          .central_std = central_std,
          .contributors = 1000};
}

LedgerEntry Entry(const std::string& task, std::uint64_t round,
                  double central_std = 5, std::uint32_t separation = 1,
                  std::uint32_t most = 0) {
  return {.task = task,
          .round = round,
          .noise = Noise(central_std),
          .min_separation = separation,
          .max_participations = most};
}

double Spent(const std::vector<LedgerEntry>& entries) {
  return SpentEpsilon(entries, kDelta).value();
}

double Cost(std::int64_t releases) {
  return AccountEpsilon(DistributedReleases{Noise(5), releases},
                        Adjacency::kAddOrRemove, kDelta)
      ->epsilon;
}

TEST(RoundLedger, AHundredRoundsCostTheKnownAnswer) {
  std::vector<LedgerEntry> entries;
  for (std::uint64_t r = 1; r <= 100; ++r) entries.push_back(Entry("t", r));
  // The specification's is 11.9954859932 on these orders.
  EXPECT_NEAR(Spent(entries), 11.9954859932, 1e-6);
  EXPECT_NEAR(Spent(entries), Cost(100), 1e-9);
  EXPECT_EQ(Spent({}), 0);
}

LedgerEntry Leaf(std::uint64_t round, std::uint64_t rounds,
                 std::uint32_t separation = 1, std::uint32_t most = 0) {
  LedgerEntry entry = Entry("t", round, 7, separation, most);
  entry.noise_rounds = rounds;
  return entry;
}

// What as much noise as `nodes` nodes of a tree leave would cost.
double Nodes(double nodes) {
  return Spent({Entry("n", 1, 7 / std::sqrt(nodes))});
}

// The specification's table M: 2000 rounds, 313 apart, 6 of one user.
TEST(RoundLedger, ATreeCostsItsSquaredSensitivity) {
  std::vector<LedgerEntry> entries;
  for (std::uint64_t r = 1; r <= 2000; ++r) {
    entries.push_back(Leaf(r, 2000, 313, 6));
  }
  EXPECT_NEAR(Spent(entries), Nodes(79), 1e-9);
}

TEST(RoundLedger, LeavesOfATreeShareItsNodes) {
  EXPECT_NEAR(Spent({Leaf(1, 4)}), Nodes(3), 1e-9);
  EXPECT_NEAR(Spent({Leaf(3, 3)}), Nodes(1), 1e-9);  // no whole block above
  EXPECT_NEAR(Spent({Leaf(1, 4), Leaf(2, 4)}), Nodes(2 + 4 + 4), 1e-9);
  EXPECT_NEAR(Spent({Leaf(1, 4), Leaf(3, 4)}), Nodes(2 + 2 + 4), 1e-9);
  // One user is in one of them: in the dearer one.
  EXPECT_NEAR(Spent({Leaf(1, 6, 1, 1), Leaf(6, 6, 1, 1)}), Nodes(3), 1e-9);
  // Somewhere in the tree, and a round beside it: as if the norms were aligned.
  LedgerEntry somewhere = Leaf(0, 4);
  somewhere.task = "";
  EXPECT_NEAR(Spent({somewhere, Leaf(1, 4)}), Nodes(4 * 3), 1e-9);
  // Noise of a round's own, in another task, adds.
  EXPECT_GT(Spent({Leaf(1, 4), Entry("own", 1)}), Nodes(3));
}

LedgerEntry Row(std::uint64_t round, std::uint32_t bands,
                std::uint32_t separation, std::uint32_t most = 0) {
  LedgerEntry entry = Leaf(round, 2000, separation, most);
  entry.bands = bands;
  return entry;
}

// Rows of a user that share no noise cost as much as rounds on their own.
TEST(RoundLedger, RowsOfAMatrixCostTheirColumns) {
  EXPECT_NEAR(Spent({Row(3, 400, 484)}), Nodes(1), 1e-9);
  EXPECT_NEAR(Spent({Row(3, 400, 484), Row(487, 400, 484)}), Nodes(2), 1e-9);
  // Not in both.
  EXPECT_NEAR(Spent({Row(3, 400, 484), Row(486, 400, 484)}), Nodes(1), 1e-9);
  std::vector<LedgerEntry> run;
  for (std::uint64_t r = 1; r <= 2000; ++r) run.push_back(Row(r, 400, 484, 3));
  EXPECT_NEAR(Spent(run), Nodes(3), 1e-9);
  // Somewhere in it, beside known rows: as if the columns were aligned.
  LedgerEntry somewhere = Row(0, 400, 484);
  somewhere.task = "";
  somewhere.count = 4;
  EXPECT_NEAR(Spent({somewhere}), Nodes(4), 1e-9);
  EXPECT_NEAR(Spent({somewhere, Row(3, 400, 484)}), Nodes(9), 1e-9);
  // Columns that overlap are counted as parallel.
  EXPECT_NEAR(Spent({Row(3, 400, 399), Row(402, 400, 399)}), Nodes(4), 1e-9);
  // Noise of another matrix, or of a tree, is other noise.
  EXPECT_NEAR(Spent({Row(3, 400, 484), Row(487, 1, 484)}), Nodes(2), 1e-9);
  EXPECT_NEAR(Spent({Row(3, 400, 484), Leaf(2000, 2000)}), Nodes(1 + 5), 1e-9);
  EXPECT_EQ(RoundsWithin({}, Row(1, 4, 5), Nodes(3) * 1.0001, kDelta).value(),
            15u);
}

TEST(RoundLedger, ABudgetPaysForPartOfATreeOrAllOfIt) {
  const LedgerEntry next = Leaf(1, 64, 1);
  const auto rounds = [&](double epsilon) {
    return RoundsWithin({}, next, epsilon, kDelta).value();
  };
  EXPECT_EQ(rounds(Nodes(6.9)), 0u);
  EXPECT_EQ(rounds(Nodes(7) * 1.0001), 1u);
  EXPECT_EQ(rounds(Nodes(2 + 6 * 4) * 1.0001), 2u);
  EXPECT_EQ(rounds(1e9), 64u);
  EXPECT_EQ(
      RoundsWithin({}, Leaf(1, 64, 1, 2), Nodes(26) * 1.0001, kDelta).value(),
      std::nullopt);
}

TEST(RoundLedger, ParticipationLimitsBoundWhatAUserCosts) {
  std::vector<LedgerEntry> apart, few;
  for (std::uint64_t r = 1; r <= 10; ++r) {
    apart.push_back(Entry("t", r, 5, 4));
    few.push_back(Entry("t", r, 5, 1, 2));
  }
  EXPECT_NEAR(Spent(apart), Cost(3), 1e-9);  // rounds 1, 5, 9
  EXPECT_NEAR(Spent(few), Cost(2), 1e-9);
}

TEST(RoundLedger, AbandonedRoundsSeparateTheReleasedOnes) {
  // Two releases, but three rounds apart: one user may be in both.
  EXPECT_NEAR(Spent({Entry("t", 1, 5, 3), Entry("t", 4, 5, 3)}), Cost(2), 1e-9);
  EXPECT_NEAR(Spent({Entry("t", 1, 5, 3), Entry("t", 3, 5, 3)}), Cost(1), 1e-9);
}

TEST(RoundLedger, OfRoundsThatExcludeOneAnotherTheDearestCounts) {
  const double both = Spent({Entry("t", 1, 5, 9), Entry("t", 2, 3, 9)});
  EXPECT_DOUBLE_EQ(both, Spent({Entry("t", 2, 3, 9)}));
  EXPECT_GT(both, Spent({Entry("t", 1, 5, 9)}));
}

TEST(RoundLedger, TasksAndCountsAdd) {
  EXPECT_NEAR(Spent({Entry("a", 1, 5, 9), Entry("b", 2, 5, 9)}), Cost(2), 1e-9);
  LedgerEntry five = Entry("a", 1);
  five.count = 5;
  EXPECT_NEAR(Spent({five}), Cost(5), 1e-9);
}

TEST(RoundLedger, AReleaseWithoutNoiseHasNoBound) {
  LedgerEntry bare = Entry("t", 2);
  bare.noise.reset();
  EXPECT_TRUE(std::isinf(Spent({Entry("t", 1), bare})));
}

TEST(RoundLedger, WhatTheAccountantRefusesIsRefused) {
  EXPECT_THAT(SpentEpsilon(std::vector{Entry("t", 1, 1e-5)}, kDelta),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(SpentEpsilon(std::vector{Entry("t", 1)}, 0),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("delta")));
}

TEST(RoundLedger, TheRoundsThatFitAreThoseAndNoMore) {
  const double budget = Cost(7);
  EXPECT_EQ(RoundsWithin({}, Entry("t", 1), budget, kDelta).value(), 7u);
  EXPECT_EQ(RoundsWithin({}, Entry("t", 1), budget * 0.999, kDelta).value(),
            6u);
  EXPECT_EQ(RoundsWithin({}, Entry("t", 1, 5, 3), budget, kDelta).value(), 21u);
  EXPECT_EQ(RoundsWithin({}, Entry("t", 1, 5, 3, 7), budget, kDelta).value(),
            std::nullopt);
  EXPECT_EQ(
      RoundsWithin(std::vector{Entry("old", 1)}, Entry("t", 1), budget, kDelta)
          .value(),
      6u);
  EXPECT_EQ(RoundsWithin({}, Entry("t", 1), 0.01, kDelta).value(), 0u);
}

}  // namespace
}  // namespace sotto::privacy
