#include "runtime/host/thread_pool.h"

#include <atomic>
#include <chrono>
#include <thread>
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

// Whether the whole loop ran at once, on the caller.
bool StaysOnCaller(ThreadPool& pool, std::size_t cost_ns) {
  bool whole = false;
  pool.Run(
      1000, 1, cost_ns,
      [](const void* closure, std::size_t begin, std::size_t end, int worker) {
        if (begin != 0 || end != 1000) return;
        EXPECT_EQ(worker, 0);
        *static_cast<bool*>(const_cast<void*>(closure)) = true;
      },
      &whole);
  return whole;
}

// Until all workers, woken by then, sleep.
void AwaitSleep(ThreadPool& pool) {
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  for (int i = 0; i < 10'000 && pool.awake() > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ASSERT_EQ(pool.awake(), 0);
}

TEST(ThreadPoolTest, TheShortestLoopsStayOnTheCallerEvenIfWorkersAreAwake) {
  ThreadPool pool(3);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(StaysOnCaller(pool, 4'900));
}

TEST(ThreadPoolTest, ShortLoopsWakeNobody) {
  ThreadPool pool(3);
  AwaitSleep(pool);
  EXPECT_TRUE(StaysOnCaller(pool, 99'000));
  EXPECT_EQ(pool.awake(), 0);
}

TEST(ThreadPoolTest, ARunOfShortLoopsWakesTheWorkers) {
  ThreadPool pool(2);
  AwaitSleep(pool);
  bool shared = false;
  for (int i = 0; i < 100'000 && !shared; ++i) {
    shared = !StaysOnCaller(pool, 20'000);
  }
  EXPECT_TRUE(shared);
}

TEST(ThreadPoolTest, WorkersGoToSleepAgain) {
  ThreadPool pool(3);
  StaysOnCaller(pool, 1'000'000);
  AwaitSleep(pool);
}

// Each takes one of two pieces, the worker far longer.
TEST(ThreadPoolTest, AWorkerThatComesLateKeepsTheNextLoopsOnTheCaller) {
  using Clock = std::chrono::steady_clock;
  ThreadPool pool(2);
  struct State {
    Clock::time_point start = Clock::now();
    std::atomic<int> entered = 0;
  } state;
  pool.Run(
      2, 1, 1'000'000,
      [](const void* closure, std::size_t, std::size_t, int worker) {
        auto& s = *static_cast<State*>(const_cast<void*>(closure));
        ++s.entered;
        while (s.entered != 2) std::this_thread::yield();
        if (worker == 0) return;
        const auto waited = Clock::now() - s.start;
        std::this_thread::sleep_for(5 * waited + std::chrono::milliseconds(50));
      },
      &state);
  EXPECT_TRUE(StaysOnCaller(pool, 1'000'000));
  EXPECT_TRUE(StaysOnCaller(pool, 10'000));
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
