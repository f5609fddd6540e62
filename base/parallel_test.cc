#include "base/parallel.h"

#include <atomic>
#include <vector>

#include "gtest/gtest.h"

namespace sotto {
namespace {

TEST(ParallelTest, EveryIndexIsVisitedOnceWhateverTheWorkers) {
  for (const unsigned workers : {0u, 1u, 2u, 7u}) {
    for (const std::size_t count : {0u, 1u, 5u, 1000u}) {
      std::vector<std::atomic<int>> visits(count);
      ParallelFor(workers, count, [&](std::size_t i) { ++visits[i]; });
      for (const auto& visit : visits) EXPECT_EQ(visit, 1);
    }
  }
  EXPECT_GE(DefaultWorkers(), 1u);
}

}  // namespace
}  // namespace sotto
