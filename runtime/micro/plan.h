// Who lies where in a static arena: greedy, largest first, each at the lowest
// place that is free over its whole life. Works in the memory that it is given.

#ifndef SOTTO_RUNTIME_MICRO_PLAN_H_
#define SOTTO_RUNTIME_MICRO_PLAN_H_

#include <cstdint>
#include <span>

namespace sotto::runtime {

struct MicroLifetime {
  static constexpr std::int16_t kNever = -2;

  std::uint32_t units = 0;      // 16 bytes each
  std::int16_t first = kNever;  // step of the first write; kNever: no memory
  std::int16_t last = kNever;   // step of the last use
  std::uint16_t place = 0;      // filled in: distance from the start, in units
  // Whose memory this one uses; its own number: its own.
  std::uint16_t root = 0;
};

// Sets `place` of every root, then of those that share; returns the units taken
// together, or -1 when they exceed `max_units`, which is at most 0xfff0.
// `order` has as many elements as `lives`.
std::int32_t PlanMicroArena(std::span<MicroLifetime> lives,
                            std::span<std::uint16_t> order,
                            std::uint32_t max_units);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_MICRO_PLAN_H_
