#include "runtime/planner/arena_plan.h"

#include "gtest/gtest.h"

namespace sotto::runtime {
namespace {

TEST(ArenaPlanTest, NothingThatLivesTogetherOverlaps) {
  std::vector<Lifetime> lives;
  for (int i = 0; i < 40; ++i) {
    lives.push_back({.bytes = static_cast<std::size_t>(i * 37 % 101 + 1),
                     .first = i % 13,
                     .last = i % 13 + i % 5});
  }
  const ArenaPlan plan = PlanArena(lives);
  for (std::size_t i = 0; i < lives.size(); ++i) {
    EXPECT_EQ(plan.offsets[i] % 64, 0u);
    EXPECT_LE(plan.offsets[i] + lives[i].bytes, plan.total_bytes);
    for (std::size_t j = 0; j < i; ++j) {
      const bool together =
          lives[i].first <= lives[j].last && lives[j].first <= lives[i].last;
      const bool apart = plan.offsets[i] + lives[i].bytes <= plan.offsets[j] ||
                         plan.offsets[j] + lives[j].bytes <= plan.offsets[i];
      EXPECT_TRUE(!together || apart) << i << " and " << j;
    }
  }
}

TEST(ArenaPlanTest, DisjointLivesShareMemory) {
  const ArenaPlan plan = PlanArena({{640, 0, 1}, {640, 2, 3}, {64, 0, 3}});
  EXPECT_EQ(plan.total_bytes, 704u);
}

}  // namespace
}  // namespace sotto::runtime
