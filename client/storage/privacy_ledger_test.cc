#include "client/storage/privacy_ledger.h"

#include <cstdio>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "privacy/rounds/round_noise.h"
#include "tests/support/status_matchers.h"

namespace sotto::client {
namespace {

using ::testing::HasSubstr;

const PrivacyLedger::Family kFamily{"digits", "digits/cnn"};

v1::NoisyRelease Release() {
  v1::NoisyRelease release;
  release.set_noise(v1::Plan::Privacy::SKELLAM);
  release.set_clip(1);
  release.set_padded_dimension(64);
  release.set_scale(1000);
  release.set_central_std(2);
  release.set_contributors(9);
  return release;
}

TEST(PrivacyLedger, EntriesSurviveAndTheFirstBringsTheAssumedOnes) {
  const std::string path = ::testing::TempDir() + "/sotto_privacy_ledger.db";
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::remove((path + suffix).c_str());
  }
  {
    auto database = ClientDatabase::Open(path);
    ASSERT_THAT(database, IsOk());
    PrivacyLedger ledger(*database);
    EXPECT_TRUE(ledger.Entries(kFamily)->empty());
    ASSERT_THAT(ledger.Record(kFamily, "train", 4, Release(), 3), IsOk());
    ASSERT_THAT(ledger.Record(kFamily, "train", 6, Release(), 3), IsOk());
  }
  auto database = ClientDatabase::Open(path);
  ASSERT_THAT(database, IsOk());
  PrivacyLedger ledger(*database);
  const auto entries = ledger.Entries(kFamily);
  ASSERT_THAT(entries, IsOk());
  ASSERT_EQ(entries->size(), 3u);
  EXPECT_EQ((*entries)[0].task, "");
  EXPECT_EQ((*entries)[0].count, 3u);
  EXPECT_EQ((*entries)[1].round, 4u);
  EXPECT_EQ((*entries)[2].round, 6u);
  EXPECT_EQ((*entries)[2].count, 1u);
  EXPECT_EQ((*entries)[2].noise->central_std, 2);
  EXPECT_EQ((*entries)[2].noise->contributors, 9);
}

TEST(PrivacyLedger, ARoundIsEnteredOnceAndFamiliesAreApart) {
  auto database = ClientDatabase::Open(":memory:");
  ASSERT_THAT(database, IsOk());
  PrivacyLedger ledger(*database);
  ASSERT_THAT(ledger.Record(kFamily, "train", 4, Release(), 0), IsOk());
  EXPECT_THAT(ledger.Record(kFamily, "train", 4, Release(), 0),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("round 4")));
  EXPECT_EQ(ledger.Entries(kFamily)->size(), 1u);
  EXPECT_TRUE(ledger.Entries({"digits", "digits/mlp"})->empty());
  EXPECT_TRUE(ledger.Entries({"other", "digits/cnn"})->empty());
}

TEST(PrivacyLedger, ADamagedEntryIsNotSkipped) {
  auto database = ClientDatabase::Open(":memory:");
  ASSERT_THAT(database, IsOk());
  PrivacyLedger ledger(*database);
  v1::NoisyRelease bare = Release();
  bare.clear_noise();
  ASSERT_THAT(ledger.Record(kFamily, "train", 4, bare, 0), IsOk());
  EXPECT_THAT(ledger.Entries(kFamily),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("round 4")));
}

}  // namespace
}  // namespace sotto::client
