// Deterministic shuffles: a Fisher-Yates permutation from (seed, epoch). Needs
// spread, not secrecy.

#ifndef SOTTO_TRAINING_LOCAL_SHUFFLE_H_
#define SOTTO_TRAINING_LOCAL_SHUFFLE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace sotto::training {

inline std::uint64_t SplitMix64(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15u;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

inline void Shuffle(std::span<std::size_t> order, std::uint64_t seed,
                    std::uint64_t epoch) {
  // Mixed through one step, so that neighbouring seeds share no stream.
  std::uint64_t state = seed;
  state = SplitMix64(state) ^ (epoch * 0xd1b54a32d192ed03u);
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[SplitMix64(state) % i]);
  }
}

}  // namespace sotto::training

#endif  // SOTTO_TRAINING_LOCAL_SHUFFLE_H_
