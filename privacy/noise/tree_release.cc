#include "privacy/noise/tree_release.h"

#include <bit>

#include "base/codec.h"
#include "base/status.h"

namespace sotto::privacy {
namespace {

std::uint32_t LowestOne(std::uint64_t rounds) {
  return static_cast<std::uint32_t>(std::countr_zero(rounds));
}

}  // namespace

absl::StatusOr<TreeRelease> TreeRelease::Create(std::size_t size,
                                                const Variance& variance,
                                                const crypto::Secret<32>& seed,
                                                const Position& position) {
  SOTTO_ASSIGN_OR_RETURN(SeededNoise noise,
                         SeededNoise::Create(variance, seed));
  return TreeRelease(size, std::move(noise), position);
}

absl::Status TreeRelease::Next(std::span<const std::int32_t> sum,
                               std::span<double> out) {
  SOTTO_RETURN_IF_ERROR(CheckReleaseSizes(size_, sum, out));
  // Integers below 2^53: exact in doubles.
  for (std::size_t i = 0; i < size_; ++i) out[i] = sum[i];
  if (position_.to_finish != 0) {
    const std::uint64_t tree = position_.tree - 1;
    const auto top =
        static_cast<std::uint32_t>(std::bit_width(position_.to_finish - 1));
    AddNode({tree, top, 0}, 1, out);
    for (std::uint64_t rest = position_.to_finish; rest != 0;
         rest &= rest - 1) {
      const std::uint32_t level = LowestOne(rest);
      AddNode({tree, level, (rest >> level) - 1}, -1, out);
    }
    position_.to_finish = 0;
  }
  // The blocks that make up the rounds so far, one per level of a binary digit,
  // are the same above the highest digit that changes; below it the new ones
  // join and the old ones go.
  const std::uint64_t from = position_.rounds, to = from + skipped_ + 1;
  const std::uint64_t changed =
      (std::uint64_t{1} << std::bit_width(from ^ to)) - 1;
  for (const auto& [rounds, sign] : {std::pair{to, 1.0}, {from, -1.0}}) {
    for (std::uint64_t rest = rounds & changed; rest != 0; rest &= rest - 1) {
      const std::uint32_t level = LowestOne(rest);
      AddNode({position_.tree, level, (rounds >> level) - 1}, sign, out);
    }
  }
  position_.rounds = to;
  skipped_ = 0;
  return absl::OkStatus();
}

void TreeRelease::Restart() {
  skipped_ = 0;
  if (position_.rounds == 0) return;
  position_ = {
      .tree = position_.tree + 1, .rounds = 0, .to_finish = position_.rounds};
}

void TreeRelease::AddNode(const Node& node, double sign,
                          std::span<double> out) const {
  noise_.ForEachTile(
      Encoder("sotto/tree-noise/v1")
          .U64(node.tree)
          .U32(node.level)
          .U64(node.index)
          .bytes(),
      size_, [&](std::size_t offset, std::span<const std::int64_t> noise) {
        for (std::size_t i = 0; i < noise.size(); ++i) {
          out[offset + i] += sign * static_cast<double>(noise[i]);
        }
      });
}

}  // namespace sotto::privacy
