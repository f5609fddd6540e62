#include "base/crash_point.h"

#include <csignal>
#include <cstdlib>

#include "gtest/gtest.h"

namespace sotto {
namespace {

void PassTwice() {
  ::setenv("SOTTO_CRASH_AT", "here:2", 1);
  CrashPoint("elsewhere");
  CrashPoint("here");
  CrashPoint("here");
}

TEST(CrashPointDeathTest, KillsAtTheNamedPassAndNotBefore) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(PassTwice(), ::testing::KilledBySignal(SIGKILL), "");
  EXPECT_EXIT(
      {
        ::setenv("SOTTO_CRASH_AT", "here:2", 1);
        CrashPoint("here");
        std::_Exit(0);
      },
      ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace sotto
