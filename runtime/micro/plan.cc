#include "runtime/micro/plan.h"

#include <algorithm>
#include <cstddef>

namespace sotto::runtime {
namespace {

constexpr std::size_t kNone = ~std::size_t{0};

bool Overlap(const MicroLifetime& a, const MicroLifetime& b) {
  return a.first <= b.last && b.first <= a.last;
}

}  // namespace

std::int32_t PlanMicroArena(std::span<MicroLifetime> lives,
                            std::span<std::uint16_t> order,
                            std::uint32_t max_units) {
  // order[0, placed) is sorted by place. Marked as placed: units above the
  // limit of an unplaced one.
  constexpr std::uint32_t kPlaced = std::uint32_t{1} << 31;
  std::size_t placed = 0;
  std::uint32_t total = 0;
  for (;;) {
    std::size_t largest = kNone;
    for (std::size_t i = 0; i < lives.size(); ++i) {
      const MicroLifetime& life = lives[i];
      if (life.first == MicroLifetime::kNever || life.root != i ||
          (life.units & kPlaced) != 0) {
        continue;
      }
      if (largest == kNone || life.units > lives[largest].units) largest = i;
    }
    if (largest == kNone) break;
    MicroLifetime& life = lives[largest];
    std::uint32_t at = 0;
    for (std::size_t i = 0; i < placed; ++i) {
      const MicroLifetime& other = lives[order[i]];
      if (!Overlap(life, other)) continue;
      if (other.place >= at + life.units) break;
      at = std::max(at, other.place + (other.units & ~kPlaced));
    }
    if (life.units > max_units || at > max_units - life.units) return -1;
    total = std::max(total, at + life.units);
    life.place = static_cast<std::uint16_t>(at);
    life.units |= kPlaced;
    std::size_t slot = placed++;
    for (; slot > 0 && lives[order[slot - 1]].place > at; --slot) {
      order[slot] = order[slot - 1];
    }
    order[slot] = static_cast<std::uint16_t>(largest);
  }
  for (MicroLifetime& life : lives) {
    life.units &= ~kPlaced;
    life.place = lives[life.root].place;
  }
  return static_cast<std::int32_t>(total);
}

}  // namespace sotto::runtime
