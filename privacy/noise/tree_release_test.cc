#include "privacy/noise/tree_release.h"

#include <bit>
#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "privacy/noise/independent_release.h"
#include "tests/support/status_matchers.h"

namespace sotto::privacy {
namespace {

constexpr std::size_t kTreeSize = 3000;

crypto::Secret<32> TreeSeed(std::uint8_t first = 5) {
  crypto::Secret<32> seed;
  seed.RevealMutable()[0] = first;
  return seed;
}

TreeRelease Tree(const TreeRelease::Position& position = {}) {
  return TreeRelease::Create(kTreeSize, {900, 1}, TreeSeed(), position).value();
}

std::vector<double> Next(SumRelease& release, std::int32_t value) {
  const std::vector<std::int32_t> sum(kTreeSize, value);
  std::vector<double> out(kTreeSize);
  EXPECT_THAT(release.Next(sum, out), IsOk());
  return out;
}

// Row t of the dense matrix product: the partial sum over t rounds has one node
// for each binary digit of t.
std::vector<double> DensePartialNoise(const TreeRelease& tree,
                                      std::uint64_t which, std::uint64_t t) {
  std::vector<double> noise(kTreeSize);
  for (std::uint32_t level = 0; level < 8; ++level) {
    if (t >> level & 1) {
      tree.AddNode({which, level, (t >> level) - 1}, 1, noise);
    }
  }
  return noise;
}

TEST(TreeReleaseTest, PartialSumsHaveTheNoiseOfTheirBinaryDigits) {
  TreeRelease tree = Tree();
  std::vector<double> partial(kTreeSize);
  std::int32_t exact = 0;
  for (std::uint64_t t = 1; t <= 21; ++t) {
    const auto value = static_cast<std::int32_t>(t * t);
    exact += value;
    const std::vector<double> released = Next(tree, value);
    const std::vector<double> want = DensePartialNoise(tree, 0, t);
    double squares = 0;
    for (std::size_t i = 0; i < kTreeSize; ++i) {
      partial[i] += released[i];
      ASSERT_EQ(partial[i], exact + want[i]) << "round " << t;
      squares += want[i] * want[i];
    }
    const double variance = 900.0 * std::popcount(t);
    EXPECT_NEAR(squares / kTreeSize, variance,
                variance * 4 * std::sqrt(2.0 / kTreeSize));
  }
}

TEST(TreeReleaseTest, ARestartLeavesTheNoiseOfOneNodePerTree) {
  TreeRelease tree = Tree();
  std::vector<double> partial(kTreeSize);
  const auto add = [&](const std::vector<double>& released) {
    for (std::size_t i = 0; i < kTreeSize; ++i) partial[i] += released[i];
  };
  // 5 rounds are completed to 8, 4 are whole, and then one round more.
  for (const int rounds : {5, 4}) {
    for (int t = 0; t < rounds; ++t) add(Next(tree, 1));
    tree.Restart();
    tree.Restart();  // of a tree without rounds: nothing
  }
  EXPECT_EQ(tree.position(),
            (TreeRelease::Position{.tree = 2, .rounds = 0, .to_finish = 4}));
  add(Next(tree, 1));
  std::vector<double> want(kTreeSize, 10);
  tree.AddNode({0, 3, 0}, 1, want);
  tree.AddNode({1, 2, 0}, 1, want);
  tree.AddNode({2, 0, 0}, 1, want);
  EXPECT_EQ(partial, want);
}

TEST(TreeReleaseTest, SkippedRoundsCountAsZeroWithTheirNoise) {
  for (const int before : {0, 1, 3, 4, 5}) {
    for (const int skipped : {1, 2, 3, 4, 7}) {
      TreeRelease whole = Tree(), skips = Tree();
      for (int t = 0; t < before; ++t)
        EXPECT_EQ(Next(whole, 1), Next(skips, 1));
      std::vector<double> want(kTreeSize);
      for (int t = 0; t <= skipped; ++t) {
        const std::vector<double> released = Next(whole, t == skipped ? 5 : 0);
        for (std::size_t i = 0; i < kTreeSize; ++i) want[i] += released[i];
      }
      skips.Skip(static_cast<std::uint64_t>(skipped));
      EXPECT_EQ(Next(skips, 5), want) << before << " " << skipped;
      EXPECT_EQ(skips.position(), whole.position());
    }
  }
}

TEST(TreeReleaseTest, AServerContinuesFromItsPosition) {
  TreeRelease whole = Tree();
  for (int t = 0; t < 6; ++t) Next(whole, 3);
  whole.Restart();
  const TreeRelease::Position position = whole.position();
  TreeRelease resumed = Tree(position);
  for (int t = 0; t < 3; ++t) EXPECT_EQ(Next(resumed, 3), Next(whole, 3));
  EXPECT_EQ(resumed.position(), whole.position());
}

TEST(IndependentReleaseTest, EveryRoundHasFreshNoiseOfTheVariance) {
  auto release =
      IndependentRelease::Create(kTreeSize, {2500, 1}, TreeSeed()).value();
  std::vector<double> previous;
  for (int t = 0; t < 5; ++t) {
    const std::vector<double> released = Next(release, -7);
    double squares = 0, products = 0;
    for (std::size_t i = 0; i < kTreeSize; ++i) {
      squares += std::pow(released[i] + 7, 2);
      if (t > 0) products += (released[i] + 7) * (previous[i] + 7);
    }
    EXPECT_NEAR(squares / kTreeSize, 2500,
                2500 * 4 * std::sqrt(2.0 / kTreeSize));
    EXPECT_NEAR(products / kTreeSize, 0, 2500 * 4 / std::sqrt(kTreeSize));
    previous = released;
  }
  // The same round again, after a restart of the server.
  auto resumed =
      IndependentRelease::Create(kTreeSize, {2500, 1}, TreeSeed(), 4).value();
  EXPECT_EQ(Next(resumed, -7), previous);
  auto other =
      IndependentRelease::Create(kTreeSize, {2500, 1}, TreeSeed(6), 4).value();
  EXPECT_NE(Next(other, -7), previous);
}

TEST(SumReleaseTest, SumsOfAnotherSizeAreRefused) {
  TreeRelease tree = Tree();
  const std::vector<std::int32_t> sum(kTreeSize), small(kTreeSize - 1);
  std::vector<double> out(kTreeSize), short_out(kTreeSize + 1);
  EXPECT_THAT(tree.Next(small, out),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(tree.Next(sum, short_out),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(tree.position(), TreeRelease::Position{});
  EXPECT_THAT(tree.Next(sum, out), IsOk());
}

}  // namespace
}  // namespace sotto::privacy
