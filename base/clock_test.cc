#include "base/clock.h"

#include "gtest/gtest.h"

namespace sotto {
namespace {

using std::chrono::milliseconds;

TEST(ClockTest, FakeClockMovesOnlyWhenToldAndSleepingIsTelling) {
  FakeClock clock(UnixTime(milliseconds(1000)));
  EXPECT_EQ(clock.NowMillis(), 1000);
  clock.Advance(milliseconds(5));
  clock.SleepFor(milliseconds(7));
  EXPECT_EQ(clock.NowMillis(), 1012);
  EXPECT_EQ(clock.Monotonic(), milliseconds(12));
}

TEST(ClockTest, SystemClockNeverRunsBackwards) {
  const auto before = SystemClock().Monotonic();
  SystemClock().SleepFor(milliseconds(1));
  EXPECT_GE(SystemClock().Monotonic() - before, milliseconds(1));
}

}  // namespace
}  // namespace sotto
