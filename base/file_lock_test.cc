#include "base/file_lock.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto {
namespace {

using ::testing::HasSubstr;

std::string LockPath(const std::string& name) {
  return ::testing::TempDir() + "/sotto_lock_" + name + "_" +
         std::to_string(::getpid());
}

TEST(FileLockTest, ASecondHolderIsRefusedUntilTheFirstLetsGo) {
  const std::string path = LockPath("second");
  {
    auto first = FileLock::Acquire(path);
    ASSERT_THAT(first, IsOk());
    EXPECT_THAT(
        FileLock::Acquire(path),
        StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(path)));
    // The lock moves with its object.
    const FileLock moved = *std::move(first);
    EXPECT_THAT(FileLock::Acquire(path),
                StatusIs(absl::StatusCode::kFailedPrecondition));
  }
  EXPECT_THAT(FileLock::Acquire(path), IsOk());
}

TEST(FileLockTest, AProcessThatDiesLetsGo) {
  const std::string path = LockPath("dies");
  const pid_t child = ::fork();
  if (child == 0) {
    const auto held = FileLock::Acquire(path);
    ::_exit(held.ok() ? 0 : 1);  // without a destructor
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(WEXITSTATUS(status), 0);
  EXPECT_THAT(FileLock::Acquire(path), IsOk());
}

TEST(FileLockTest, AFolderThatIsNotThereIsNamed) {
  EXPECT_THAT(
      FileLock::Acquire("/no/such/folder/lock"),
      StatusIs(absl::StatusCode::kUnavailable, HasSubstr("/no/such/folder")));
}

}  // namespace
}  // namespace sotto
