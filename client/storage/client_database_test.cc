#include "client/storage/client_database.h"

#include <cstdio>

#include "client/storage/agent_record.h"
#include "client/storage/download_ledger.h"
#include "client/storage/report_ledger.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::client {
namespace {

std::string FreshPath(const std::string& name) {
  const std::string path = testing::TempDir() + "/" + name;
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::remove((path + suffix).c_str());
  }
  return path;
}

TEST(ClientDatabase, AValueIsThereAfterReopening) {
  const std::string path = FreshPath("value.db");
  {
    auto database = ClientDatabase::Open(path);
    ASSERT_THAT(database, IsOk());
    ASSERT_THAT(database->Put("token", Bytes{1, 2, 3}), IsOk());
  }
  auto database = ClientDatabase::Open(path);
  ASSERT_THAT(database, IsOk());
  const auto value = database->Get("token");
  ASSERT_THAT(value, IsOk());
  EXPECT_EQ(*value, (Bytes{1, 2, 3}));
  ASSERT_THAT(database->Erase("token"), IsOk());
  const auto erased = database->Get("token");
  ASSERT_THAT(erased, IsOk());
  EXPECT_FALSE(erased->has_value());
}

TEST(ClientDatabase, AnotherSchemaVersionIsNamed) {
  const std::string path = FreshPath("version.db");
  {
    auto raw = Database::Open(path);
    ASSERT_THAT(raw, IsOk());
    ASSERT_THAT(raw->Execute("PRAGMA user_version = 77"), IsOk());
  }
  EXPECT_THAT(ClientDatabase::Open(path),
              StatusIs(absl::StatusCode::kDataLoss,
                       ::testing::HasSubstr("schema version 77")));
}

TEST(AgentRecord, TheStateAndTheRoundSurviveReopening) {
  const std::string path = FreshPath("agent.db");
  {
    auto database = ClientDatabase::Open(path);
    ASSERT_THAT(database, IsOk());
    AgentRecordStore store(*database);
    const auto fresh = store.Load();
    ASSERT_THAT(fresh, IsOk());
    EXPECT_EQ(fresh->state, AgentState::kAsleep);
    ASSERT_THAT(store.Save({.state = AgentState::kAggregating,
                            .task = "train",
                            .round = 4,
                            .round_id = Bytes(16, 9)}),
                IsOk());
  }
  auto database = ClientDatabase::Open(path);
  ASSERT_THAT(database, IsOk());
  const auto record = AgentRecordStore(*database).Load();
  ASSERT_THAT(record, IsOk());
  EXPECT_EQ(record->state, AgentState::kAggregating);
  EXPECT_EQ(record->task, "train");
  EXPECT_EQ(record->round, 4u);
  EXPECT_EQ(record->round_id, Bytes(16, 9));
}

TEST(AgentRecord, AStateIsLeftForTheNextOneOrForSleep) {
  for (int from = 0; from <= 7; ++from) {
    for (int to = 0; to <= 7; ++to) {
      EXPECT_EQ(
          CanMove(static_cast<AgentState>(from), static_cast<AgentState>(to)),
          to == 0 || to == from + 1)
          << from << " to " << to;
    }
  }
}

TEST(DownloadLedger, ProgressOfAnotherLengthIsNotBelieved) {
  auto database = ClientDatabase::Open(":memory:");
  ASSERT_THAT(database, IsOk());
  DownloadLedger ledger(*database);
  const Bytes digest(32, 1);
  DownloadProgress progress{
      .length_bytes = 100, .leaves = {true, false, true}, .fetched_bytes = 70};
  ASSERT_THAT(ledger.Save(digest, progress), IsOk());
  const auto same = ledger.Load(digest, 100, 3);
  ASSERT_THAT(same, IsOk());
  EXPECT_EQ(same->leaves, progress.leaves);
  EXPECT_EQ(same->fetched_bytes, 70u);
  const auto longer = ledger.Load(digest, 101, 3);
  ASSERT_THAT(longer, IsOk());
  EXPECT_EQ(longer->leaves, std::vector<bool>(3));
}

TEST(ReportLedger, AReportKeepsItsIdUntilItWasSentAndIsNotSentAgain) {
  auto database = ClientDatabase::Open(":memory:");
  ASSERT_THAT(database, IsOk());
  ReportLedger ledger(*database);
  const auto first = ledger.Begin("m", 1, 2, crypto::SystemRng());
  ASSERT_THAT(first, IsOk());
  ASSERT_TRUE(first->has_value());
  const auto again = ledger.Begin("m", 1, 2, crypto::SystemRng());
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(**again, **first);
  ASSERT_THAT(ledger.MarkSent("m", 1, 2), IsOk());
  const auto sent = ledger.Begin("m", 1, 2, crypto::SystemRng());
  ASSERT_THAT(sent, IsOk());
  EXPECT_FALSE(sent->has_value());
  const auto next = ledger.Begin("m", 2, 2, crypto::SystemRng());
  ASSERT_THAT(next, IsOk());
  EXPECT_TRUE(next->has_value());
}

}  // namespace
}  // namespace sotto::client
