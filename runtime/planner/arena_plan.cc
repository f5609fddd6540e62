#include "runtime/planner/arena_plan.h"

#include <algorithm>
#include <numeric>

namespace sotto::runtime {
namespace {

constexpr std::size_t kAlignment = 64;

std::size_t RoundUp(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

ArenaPlan PlanArena(const std::vector<Lifetime>& lifetimes) {
  std::vector<std::size_t> order(lifetimes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) {
    return lifetimes[a].bytes > lifetimes[b].bytes;
  });
  ArenaPlan plan;
  plan.offsets.assign(lifetimes.size(), 0);
  struct Placed {
    std::size_t begin, end;
    int first, last;
  };
  std::vector<Placed> placed;  // sorted by begin
  for (const std::size_t index : order) {
    const Lifetime& life = lifetimes[index];
    const std::size_t bytes = RoundUp(life.bytes);
    std::size_t at = 0;
    for (const Placed& other : placed) {
      if (other.last < life.first || life.last < other.first) continue;
      if (other.begin >= at + bytes) break;
      at = std::max(at, other.end);
    }
    plan.offsets[index] = at;
    plan.total_bytes = std::max(plan.total_bytes, at + bytes);
    const Placed mine = {at, at + bytes, life.first, life.last};
    placed.insert(std::upper_bound(placed.begin(), placed.end(), mine,
                                   [](const Placed& a, const Placed& b) {
                                     return a.begin < b.begin;
                                   }),
                  mine);
  }
  return plan;
}

}  // namespace sotto::runtime
