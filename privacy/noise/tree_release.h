// Tree aggregation (DP-FTRL): every partial sum over the rounds has noise of at
// most log2 T nodes (Kairouz et al. 2021, "Practical and private (deep)
// learning without sampling or shuffling", sections 3.1 and D.2).
//
// A node of level l is an aligned block of 2^l rounds with noise of its own;
// the partial sum over t rounds has the noise of the blocks of t's binary
// digits, so popcount(t) times the variance. From one round to the next one
// block joins and those inside it go; the round's sum is released with that
// difference, or with more blocks where rounds were skipped. Nodes are drawn
// again from the seed when they go: nothing but the position is kept, and a
// round costs two nodes on average.
//
// Restart() begins a new tree, whose node noise does not pile up on the old
// one's levels. The old tree is completed: its rounds count as 2^L with zero
// sums, so its whole sum keeps the noise of one node, L being the least level
// that covers it. The correction comes with the next round. To the accountant
// (accounting/tree_sensitivity.h) each tree is a run of 2^L rounds.

#ifndef SOTTO_PRIVACY_NOISE_TREE_RELEASE_H_
#define SOTTO_PRIVACY_NOISE_TREE_RELEASE_H_

#include <utility>

#include "privacy/noise/seeded_noise.h"
#include "privacy/noise/sum_release.h"

namespace sotto::privacy {

class TreeRelease final : public SumRelease {
 public:
  // All that a server has to keep, besides the seed.
  struct Position {
    std::uint64_t tree = 0;
    std::uint64_t rounds = 0;     // of this tree so far
    std::uint64_t to_finish = 0;  // rounds of the tree before, if it still
                                  // waits for its completion
    bool operator==(const Position&) const = default;
  };
  struct Node {
    std::uint64_t tree = 0;
    std::uint32_t level = 0;
    std::uint64_t index =
        0;  // covers rounds [index 2^level, (index+1) 2^level)
  };

  // `variance` of a node, in squared steps.
  static absl::StatusOr<TreeRelease> Create(std::size_t size,
                                            const Variance& variance,
                                            const crypto::Secret<32>& seed,
                                            const Position& position);
  static absl::StatusOr<TreeRelease> Create(std::size_t size,
                                            const Variance& variance,
                                            const crypto::Secret<32>& seed) {
    return Create(size, variance, seed, Position{});
  }

  absl::Status Next(std::span<const std::int32_t> sum,
                    std::span<double> out) override;
  // Rounds that release nothing: their sums count as zero, and the next round
  // comes with their noise, too.
  void Skip(std::uint64_t rounds) { skipped_ += rounds; }
  // No effect before the first round of a tree.
  void Restart();

  std::size_t size() const override { return size_; }
  const Position& position() const { return position_; }

  // out[i] += sign times the node's noise.
  void AddNode(const Node& node, double sign, std::span<double> out) const;

 private:
  TreeRelease(std::size_t size, SeededNoise noise, const Position& position)
      : size_(size), noise_(std::move(noise)), position_(position) {}

  std::size_t size_;
  SeededNoise noise_;
  Position position_;
  std::uint64_t skipped_ = 0;
};

}  // namespace sotto::privacy

#endif  // SOTTO_PRIVACY_NOISE_TREE_RELEASE_H_
