#include "secure_agg/graph/ring.h"

#include <algorithm>
#include <map>
#include <set>

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::secure_agg {
namespace {

crypto::Sha256Digest Root(std::uint8_t byte) {
  crypto::Sha256Digest root;
  root.fill(byte);
  return root;
}

TEST(RingTest, EveryMemberHasKNeighboursAndTheyHaveIt) {
  for (const auto& [n, k] : {std::pair{3u, 2u},
                             {4u, 3u},
                             {5u, 4u},
                             {9u, 4u},
                             {10u, 8u},
                             {64u, 12u}}) {
    const auto ring = Ring::Create(Root(1), "task", 7, n, k);
    ASSERT_THAT(ring, IsOk());
    for (std::uint32_t u = 0; u < n; ++u) {
      const auto mine = ring->NeighboursOf(u);
      EXPECT_EQ(mine.size(), k);
      EXPECT_TRUE(std::ranges::is_sorted(mine));
      EXPECT_EQ(std::set(mine.begin(), mine.end()).size(), k);
      for (std::uint32_t v = 0; v < n; ++v) {
        const bool listed = std::ranges::binary_search(mine, v);
        EXPECT_EQ(ring->AreNeighbours(u, v), listed)
            << n << " " << u << " " << v;
        EXPECT_EQ(ring->AreNeighbours(v, u), listed);
      }
    }
  }
}

TEST(RingTest, TheOrderDependsOnKeysTaskAndRound) {
  const auto order = [](std::uint8_t root, const char* task,
                        std::uint64_t round) {
    const Ring ring = Ring::Create(Root(root), task, round, 50, 4).value();
    std::vector<std::uint32_t> places;
    for (std::uint32_t u = 0; u < 50; ++u) places.push_back(ring.PlaceOf(u));
    return places;
  };
  EXPECT_EQ(order(1, "a", 1), order(1, "a", 1));
  EXPECT_NE(order(1, "a", 1), order(2, "a", 1));
  EXPECT_NE(order(1, "a", 1), order(1, "b", 1));
  EXPECT_NE(order(1, "a", 1), order(1, "a", 2));
}

// Member 0 meets each other member equally often: 2 000 rings of 21 with k = 4
// give each of the 20 a mean of 400; six standard deviations are 107.
TEST(RingTest, NeighboursAreSpreadEvenly) {
  std::map<std::uint32_t, int> met;
  for (std::uint64_t round = 0; round < 2000; ++round) {
    const Ring ring = Ring::Create(Root(3), "task", round, 21, 4).value();
    for (const std::uint32_t v : ring.NeighboursOf(0)) ++met[v];
  }
  EXPECT_EQ(met.size(), 20u);
  for (const auto& [member, times] : met) {
    EXPECT_NEAR(times, 400, 107) << member;
  }
}

TEST(RingTest, DegreesThatNoRingHasAreRefused) {
  for (const auto& [n, k] : {std::pair{2u, 1u}, {5u, 0u}, {5u, 5u}, {9u, 3u}}) {
    EXPECT_EQ(Ring::Create(Root(1), "task", 1, n, k).status().code(),
              absl::StatusCode::kInvalidArgument)
        << n << " " << k;
  }
}

}  // namespace
}  // namespace sotto::secure_agg
