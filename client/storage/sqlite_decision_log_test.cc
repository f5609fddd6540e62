#include "client/storage/sqlite_decision_log.h"

#include <cstdio>
#include <optional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::client {
namespace {

const Bytes kSession(32, 1);
const Bytes kSurvivors{0x0f};
const Bytes kOtherSurvivors{0x07};

class SqliteDecisionLogTest : public ::testing::Test {
 protected:
  SqliteDecisionLogTest() : path_(testing::TempDir() + "/decisions.db") {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::remove((path_ + suffix).c_str());
    }
    Reopen();
  }
  // What a restart does.
  void Reopen() {
    log_.reset();
    database_.reset();
    auto database = ClientDatabase::Open(path_);
    EXPECT_THAT(database, IsOk());
    database_.emplace(*std::move(database));
    log_.emplace(*database_, SystemClock());
  }

  const std::string path_;
  std::optional<ClientDatabase> database_;
  std::optional<SqliteDecisionLog> log_;
};

TEST_F(SqliteDecisionLogTest, AContributionIsRecordedOnceAcrossRestarts) {
  ASSERT_THAT(log_->RecordContribution("train", 1, Bytes(16, 1)), IsOk());
  Reopen();
  EXPECT_THAT(log_->RecordContribution("train", 1, Bytes(16, 2)),
              StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(SqliteDecisionLogTest, TheSameSurvivorsMayBeSignedAgain) {
  ASSERT_THAT(log_->RecordSurvivors(kSession, kSurvivors), IsOk());
  Reopen();
  EXPECT_THAT(log_->RecordSurvivors(kSession, kSurvivors), IsOk());
}

TEST_F(SqliteDecisionLogTest, OtherSurvivorsOfASessionAreNeverSigned) {
  ASSERT_THAT(log_->RecordSurvivors(kSession, kSurvivors), IsOk());
  Reopen();
  EXPECT_THAT(log_->RecordSurvivors(kSession, kOtherSurvivors),
              StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(SqliteDecisionLogTest, SharesAreRevealedOnceAcrossRestarts) {
  ASSERT_THAT(log_->RecordSurvivors(kSession, kSurvivors), IsOk());
  ASSERT_THAT(log_->RecordUnmask(kSession), IsOk());
  Reopen();
  EXPECT_THAT(log_->RecordUnmask(kSession),
              StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(SqliteDecisionLogTest, NothingIsRevealedBeforeSurvivorsWereSigned) {
  EXPECT_THAT(log_->RecordUnmask(kSession),
              StatusIs(absl::StatusCode::kAlreadyExists));
}

}  // namespace
}  // namespace sotto::client
