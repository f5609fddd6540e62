#include "base/sqlite.h"

#include <unistd.h>

#include <cstdio>

#include "base/file.h"
#include "gtest/gtest.h"

namespace sotto {
namespace {

TEST(SqliteTest, BoundValuesComeBackWithTheirTypes) {
  Database db = Database::Open(":memory:").value();
  ASSERT_TRUE(db.Execute("CREATE TABLE t (a, b, c, d)").ok());
  Statement insert = db.Prepare("INSERT INTO t VALUES (?1,?2,?3,?4)").value();
  ASSERT_TRUE(insert.Bind(1, std::int64_t{-7}).ok());
  ASSERT_TRUE(insert.Bind(2, ByteView{}).ok());
  ASSERT_TRUE(insert.Bind(3, std::string_view("text")).ok());
  ASSERT_TRUE(insert.BindNull(4).ok());
  ASSERT_TRUE(insert.Run().ok());
  Statement select = db.Prepare("SELECT * FROM t").value();
  ASSERT_TRUE(select.Step().value());
  EXPECT_EQ(select.Int64(0), -7);
  EXPECT_FALSE(select.IsNull(1));
  EXPECT_TRUE(select.Blob(1).empty());
  EXPECT_EQ(select.Text(2), "text");
  EXPECT_TRUE(select.IsNull(3));
  EXPECT_FALSE(select.Step().value());
}

TEST(SqliteTest, AFailedTransactionLeavesNothingBehind) {
  Database db = Database::Open(":memory:").value();
  ASSERT_TRUE(db.Execute("CREATE TABLE t (a PRIMARY KEY)").ok());
  const absl::Status status = db.Transact([&]() -> absl::Status {
    const absl::Status first = db.Execute("INSERT INTO t VALUES (1)");
    if (!first.ok()) return first;
    return db.Execute("INSERT INTO t VALUES (1)");
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  Statement count = db.Prepare("SELECT count(*) FROM t").value();
  ASSERT_TRUE(count.Step().value());
  EXPECT_EQ(count.Int64(0), 0);
}

TEST(SqliteTest, AFileThatIsNoDatabaseIsDataLossAndNamed) {
  const std::string path =
      ::testing::TempDir() + "sotto_not_a_db_" + std::to_string(::getpid());
  ASSERT_TRUE(WriteFileAtomically(path, std::string(4096, 'x')).ok());
  const auto db = Database::Open(path);
  EXPECT_EQ(db.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(db.status().message().find(path), std::string::npos);
  std::remove(path.c_str());
}

}  // namespace
}  // namespace sotto
