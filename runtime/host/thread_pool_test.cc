#include "runtime/host/thread_pool.h"

#include <vector>

#include "gtest/gtest.h"

namespace sotto::runtime {
namespace {

TEST(ThreadPoolTest, EveryIndexIsVisitedOnceHoweverOftenItRuns) {
  for (const int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    ASSERT_EQ(pool.threads(), threads);
    for (std::size_t round = 0; round < 300; ++round) {
      const std::size_t count = round * 7 % 101;
      std::vector<int> visits(count);
      pool.Run(
          count, 1 + round % 5, 1'000'000,
          [](const void* closure, std::size_t begin, std::size_t end, int) {
            auto* v = static_cast<int*>(const_cast<void*>(closure));
            for (std::size_t i = begin; i < end; ++i) ++v[i];
          },
          visits.data());
      for (const int visit : visits) ASSERT_EQ(visit, 1);
    }
  }
}

TEST(ThreadPoolTest, ShortLoopsStayOnTheCaller) {
  ThreadPool pool(3);
  int worker = -1;
  pool.Run(
      1000, 1, 99'000,
      [](const void* closure, std::size_t begin, std::size_t end, int who) {
        EXPECT_EQ(begin, 0u);
        EXPECT_EQ(end, 1000u);
        *static_cast<int*>(const_cast<void*>(closure)) = who;
      },
      &worker);
  EXPECT_EQ(worker, 0);
}

TEST(ThreadPoolTest, RangesBeginAtMultiplesOfTheGrain) {
  ThreadPool pool(4);
  std::vector<int> starts(1000);
  pool.Run(
      1000, 16, 1'000'000,
      [](const void* closure, std::size_t begin, std::size_t, int) {
        static_cast<int*>(const_cast<void*>(closure))[begin] = 1;
      },
      starts.data());
  for (std::size_t i = 0; i < starts.size(); ++i) {
    if (starts[i] != 0) {
      EXPECT_EQ(i % 16, 0u);
    }
  }
}

}  // namespace
}  // namespace sotto::runtime
