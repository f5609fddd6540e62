// Random schedules: whatever is lost and whenever the server restarts, the
// result is the exact sum over at least n_min devices, or none.

#include "gtest/gtest.h"
#include "tests/support/cohort.h"
#include "tests/support/status_matchers.h"

namespace sotto::secure_agg {
namespace {

TEST(ScheduleTest, EverySeedGivesTheExactSumOrNone) {
  int finished = 0, failed = 0;
  for (int seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    crypto::SeededRng rng(AsBytes("schedule" + std::to_string(seed)));
    const auto below = [&](std::uint64_t n) {
      return static_cast<std::uint32_t>(crypto::UniformBelow(rng, n));
    };
    const std::uint32_t n = 3 + below(8);
    const std::uint32_t percent = below(30);
    Cohort cohort({.size = n,
                   .length = 1 + below(40),
                   .bits = 8 + below(25),
                   .seed = std::to_string(seed)});
    const absl::Status status =
        cohort.Run([&](std::uint32_t, Phase) { return below(100) >= percent; },
                   [&] {
                     if (below(10) != 0) return;
                     cohort.ReplaceServer(
                         ServerSession::Restore(cohort.server().Snapshot(),
                                                cohort.coordinator())
                             .value());
                   });
    if (status.ok()) {
      const auto result = cohort.server().Result();
      ASSERT_THAT(result, IsOk());
      EXPECT_GE(result->included.size(), 3u);
      EXPECT_EQ(result->sums, cohort.SumOf(result->included));
      ++finished;
    } else {
      EXPECT_THAT(status, StatusIs(absl::StatusCode::kAborted));
      EXPECT_THAT(cohort.server().Result(),
                  StatusIs(absl::StatusCode::kFailedPrecondition));
      ++failed;
    }
  }
  EXPECT_GT(finished, 30);
  EXPECT_GT(failed, 10);
}

}  // namespace
}  // namespace sotto::secure_agg
