#include "server/state/store.h"

#include <cstdio>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/state/schema.h"
#include "tests/support/status_matchers.h"

namespace sotto::server {
namespace {

using ::testing::HasSubstr;

Store Memory() {
  auto store = Store::Open(":memory:");
  EXPECT_THAT(store, IsOk());
  return *std::move(store);
}

DeviceRecord Device(std::uint8_t tag) {
  return {.device_id = Bytes(16, tag),
          .population = "digits",
          .certificate = {1, 2},
          .kem_id = 0x20,
          .kem_key = Bytes(32, 7),
          .sdk_version = "0.1"};
}

TEST(StoreTest, ARevokedDeviceStaysRevokedWhenItEnrolsAgain) {
  Store store = Memory();
  ASSERT_THAT(store.PutDevice(Device(1)), IsOk());
  EXPECT_FALSE(store.Revocation(Bytes(16, 1))->has_value());
  ASSERT_THAT(store.Revoke(Bytes(16, 1), "stolen"), IsOk());
  ASSERT_THAT(store.PutDevice(Device(1)), IsOk());
  EXPECT_EQ(store.Revocation(Bytes(16, 1))->value(), "stolen");
  EXPECT_TRUE(store.GetDevice(Bytes(16, 1))->revoked);
}

TEST(StoreTest, ASessionEndsAtItsTimeAndAtTheNextOne) {
  Store store = Memory();
  const Bytes device(16, 1), first(32, 2), second(32, 3);
  ASSERT_THAT(store.PutSession(first, device, 100), IsOk());
  EXPECT_EQ(*store.SessionDevice(first, 99), device);
  EXPECT_THAT(
      store.SessionDevice(first, 100),
      StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("expired")));
  ASSERT_THAT(store.PutSession(second, device, 200), IsOk());
  EXPECT_THAT(store.SessionDevice(first, 50),
              StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST(StoreTest, ADeviceCountsOnceInARound) {
  Store store = Memory();
  const Bytes device(16, 1), id(16, 9);
  ASSERT_THAT(store.InsertContribution("t", 1, device, id), IsOk());
  EXPECT_THAT(store.InsertContribution("t", 1, device, Bytes(16, 8)),
              StatusIs(absl::StatusCode::kAlreadyExists));
  ASSERT_THAT(store.InsertContribution("t", 4, device, id), IsOk());
  EXPECT_EQ(store.Participation("t", device)->count, 2U);
  EXPECT_EQ(store.Participation("t", device)->last_round, 4U);
  EXPECT_EQ(store.Participation("t", Bytes(16, 2))->count, 0U);
}

TEST(StoreTest, AReportCountsOnce) {
  Store store = Memory();
  const ReportRecord report{.report_id = Bytes(16, 1),
                            .device_id = Bytes(16, 2),
                            .model = "digits/cnn",
                            .seq = 3};
  EXPECT_TRUE(*store.PutReport(report));
  EXPECT_FALSE(*store.PutReport(report));
  EXPECT_EQ(store.ListReports("digits/cnn", 3)->size(), 1U);
  EXPECT_EQ(store.ListReports("digits/cnn", 4)->size(), 0U);
}

TEST(StoreTest, ATaskNameIsTakenOnce) {
  Store store = Memory();
  ASSERT_THAT(store.InsertTask({.name = "train"}), IsOk());
  EXPECT_THAT(store.InsertTask({.name = "train"}),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("'train'")));
  EXPECT_THAT(store.GetTask("other"), StatusIs(absl::StatusCode::kNotFound));
}

TEST(StoreTest, AFileOfTheFirstVersionGetsTheLedger) {
  const std::string path = ::testing::TempDir() + "/sotto_store_older.db";
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::remove((path + suffix).c_str());
  }
  ASSERT_THAT(Database::Open(path)->Execute(std::string(kSchema) +
                                            "PRAGMA user_version = 1;"),
              IsOk());
  for (int time = 0; time < 2; ++time) {
    auto store = Store::Open(path);
    ASSERT_THAT(store, IsOk());
    const SpendingRecord record{.population = "p",
                                .model = "m",
                                .task = "t",
                                .round = 3,
                                .max_participations = 7,
                                .release = Bytes(4, 1)};
    ASSERT_THAT(store->PutSpending(record), IsOk());
    const auto rows = store->ListSpending("p", "m");
    ASSERT_THAT(rows, IsOk());
    ASSERT_EQ(rows->size(), 1u);
    EXPECT_EQ((*rows)[0].round, 3u);
    EXPECT_EQ((*rows)[0].max_participations, 7u);
    EXPECT_EQ((*rows)[0].release, Bytes(4, 1));
    EXPECT_TRUE(store->ListSpending("p", "other")->empty());
  }
}

// And keep what they have spent.
TEST(StoreTest, FilesOfLaterVersionsGetTheTablesOfNoise) {
  for (const int version : {2, 3}) {
    SCOPED_TRACE(version);
    const std::string path = ::testing::TempDir() + "/sotto_store_later.db";
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::remove((path + suffix).c_str());
    }
    const Bytes old_seed(32, 4), seed(32, 5);
    std::string made = std::string(kSchema) + kSpendingTable +
                       "INSERT INTO spending VALUES "
                       "('p', 'm', 't', 3, 1, 7, x'01');";
    if (version == 3) {
      made += std::string(kNoiseSeedTable) +
              "INSERT INTO noise_seeds VALUES ('old', x'" +
              HexEncode(old_seed) + "');";
    }
    made += "PRAGMA user_version = " + std::to_string(version);
    ASSERT_THAT(Database::Open(path)->Execute(made), IsOk());
    for (int time = 0; time < 2; ++time) {
      auto store = Store::Open(path);
      ASSERT_THAT(store, IsOk());
      const auto rows = store->ListSpending("p", "m");
      ASSERT_THAT(rows, IsOk());
      ASSERT_EQ(rows->size(), 1u);
      EXPECT_EQ((*rows)[0].max_participations, 7u);
      if (time == 0) {
        EXPECT_THAT(store->NoiseSeed("t"),
                    StatusIs(absl::StatusCode::kNotFound));
        ASSERT_THAT(store->InsertNoiseSeed("t", seed), IsOk());
        EXPECT_TRUE(store->NoiseRows("t")->empty());
      }
      EXPECT_EQ(store->NoiseSeed("t").value(), seed);
      if (version == 3) {
        EXPECT_EQ(store->NoiseSeed("old").value(), old_seed);
      }
    }
  }
}

TEST(StoreTest, AFileOfANewerVersionIsLeftAlone) {
  const std::string path = ::testing::TempDir() + "/sotto_store_newer.db";
  std::remove(path.c_str());
  ASSERT_THAT(Database::Open(path)->Execute("PRAGMA user_version = 99"),
              IsOk());
  EXPECT_THAT(Store::Open(path),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(path)));
}

}  // namespace
}  // namespace sotto::server
