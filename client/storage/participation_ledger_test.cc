#include "client/storage/participation_ledger.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::client {
namespace {

using ::testing::HasSubstr;

const Bytes kRoundId(16, 7);
const Bytes kModel(32, 1);

TEST(CheckParticipation, ADeviceThatNeverContributedMayJoinAnyRound) {
  EXPECT_THAT(CheckParticipation({}, {.min_separation_rounds = 100}, 1),
              IsOk());
}

TEST(CheckParticipation, SeparationCountsFromTheLastRoundInclusive) {
  const ParticipationHistory history{.contributions = 1, .last_round = 5};
  const ParticipationLimits limits{.min_separation_rounds = 3};
  EXPECT_THAT(CheckParticipation(history, limits, 7),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("from round 8 on")));
  EXPECT_THAT(CheckParticipation(history, limits, 8), IsOk());
}

TEST(CheckParticipation, ASeparationOfOneAllowsConsecutiveRounds) {
  const ParticipationHistory history{.contributions = 1, .last_round = 5};
  EXPECT_THAT(CheckParticipation(history, {.min_separation_rounds = 1}, 6),
              IsOk());
}

TEST(CheckParticipation, TheSameOrAnEarlierRoundIsNeverJoinedAgain) {
  const ParticipationHistory history{.contributions = 1, .last_round = 5};
  for (const std::uint64_t round : {5u, 4u, 0u}) {
    EXPECT_THAT(
        CheckParticipation(history, {.min_separation_rounds = 0}, round),
        StatusIs(absl::StatusCode::kFailedPrecondition));
  }
}

TEST(CheckParticipation, TheMaximumIsReachedExactly) {
  const ParticipationLimits limits{.max_participations = 2};
  EXPECT_THAT(
      CheckParticipation({.contributions = 1, .last_round = 1}, limits, 2),
      IsOk());
  EXPECT_THAT(
      CheckParticipation({.contributions = 2, .last_round = 2}, limits, 3),
      StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(ParticipationLedger, ARoundTakesOneContributionAcrossReopening) {
  const std::string path = testing::TempDir() + "/ledger.db";
  std::remove(path.c_str());
  {
    auto database = ClientDatabase::Open(path);
    ASSERT_THAT(database, IsOk());
    ParticipationLedger ledger(*database);
    ASSERT_THAT(ledger.Record("train", 3, kRoundId, 1000), IsOk());
  }
  auto database = ClientDatabase::Open(path);
  ASSERT_THAT(database, IsOk());
  ParticipationLedger ledger(*database);
  EXPECT_THAT(ledger.Record("train", 3, Bytes(16, 8), 2000),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(ledger.Record("other", 3, kRoundId, 2000), IsOk());
  const auto history = ledger.History("train");
  ASSERT_THAT(history, IsOk());
  EXPECT_EQ(history->contributions, 1u);
  EXPECT_EQ(history->last_round, 3u);
}

TEST(ParticipationLedger, ARoundThatWasJoinedIsNotJoinedAgain) {
  auto database = ClientDatabase::Open(":memory:");
  ASSERT_THAT(database, IsOk());
  ParticipationLedger ledger(*database);
  ASSERT_THAT(ledger.Join("train", 3, kModel), IsOk());
  EXPECT_THAT(ledger.Join("train", 3, kModel),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(ledger.Join("train", 2, kModel),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(ledger.Join("train", 4, kModel), IsOk());
  EXPECT_THAT(ledger.Join("other", 3, kModel), IsOk());
}

TEST(ParticipationLedger, AForkedChainOfModelsIsRefused) {
  const Bytes other(32, 2);
  auto database = ClientDatabase::Open(":memory:");
  ASSERT_THAT(database, IsOk());
  ParticipationLedger ledger(*database);
  EXPECT_THAT(ledger.CheckSuccessor("train", 1, {}), IsOk());
  ASSERT_THAT(ledger.Join("train", 3, kModel), IsOk());
  EXPECT_THAT(ledger.CheckSuccessor("train", 4, kModel), IsOk());
  EXPECT_THAT(ledger.CheckSuccessor("train", 4, other),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       HasSubstr("different models")));
  EXPECT_THAT(ledger.CheckSuccessor("train", 4, {}),
              StatusIs(absl::StatusCode::kPermissionDenied));
  // Round 4 went by without this device: it cannot judge.
  EXPECT_THAT(ledger.CheckSuccessor("train", 5, other), IsOk());
  EXPECT_THAT(ledger.CheckSuccessor("another", 4, other), IsOk());
}

}  // namespace
}  // namespace sotto::client
