// Where each tensor lives in one arena: greedy by size, each at the lowest
// offset that is free for its whole life.

#ifndef SOTTO_RUNTIME_PLANNER_ARENA_PLAN_H_
#define SOTTO_RUNTIME_PLANNER_ARENA_PLAN_H_

#include <cstddef>
#include <vector>

namespace sotto::runtime {

struct Lifetime {
  std::size_t bytes = 0;
  // Inclusive steps between which the memory must stay.
  int first = 0, last = 0;
};

struct ArenaPlan {
  std::vector<std::size_t> offsets;  // one per lifetime, 64-byte aligned
  std::size_t total_bytes = 0;
};

ArenaPlan PlanArena(const std::vector<Lifetime>& lifetimes);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_PLANNER_ARENA_PLAN_H_
