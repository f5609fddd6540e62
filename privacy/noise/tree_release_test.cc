#include "privacy/noise/tree_release.h"

#include <bit>
#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "privacy/noise/independent_release.h"
#include "tests/support/status_matchers.h"

namespace sotto::privacy {
namespace {

constexpr std::size_t kSize = 3000;

crypto::Secret<32> Seed(std::uint8_t first = 5) {
  crypto::Secret<32> seed;
  seed.RevealMutable()[0] = first;
  return seed;
}

TreeRelease Tree(const TreeRelease::Position& position = {}) {
  return TreeRelease::Create(kSize, {900, 1}, Seed(), position).value();
}

std::vector<double> Next(SumRelease& release, std::int32_t value) {
  const std::vector<std::int32_t> sum(kSize, value);
  std::vector<double> out(kSize);
  EXPECT_THAT(release.Next(sum, out), IsOk());
  return out;
}

// Row t of the dense matrix product: the partial sum over t rounds has one node
// for each binary digit of t.
std::vector<double> DensePartialNoise(const TreeRelease& tree,
                                      std::uint64_t which, std::uint64_t t) {
  std::vector<double> noise(kSize);
  for (std::uint32_t level = 0; level < 8; ++level) {
    if (t >> level & 1) {
      tree.AddNode({which, level, (t >> level) - 1}, 1, noise);
    }
  }
  return noise;
}

TEST(TreeReleaseTest, PartialSumsHaveTheNoiseOfTheirBinaryDigits) {
  TreeRelease tree = Tree();
  std::vector<double> partial(kSize);
  std::int32_t exact = 0;
  for (std::uint64_t t = 1; t <= 21; ++t) {
    const auto value = static_cast<std::int32_t>(t * t);
    exact += value;
    const std::vector<double> released = Next(tree, value);
    const std::vector<double> want = DensePartialNoise(tree, 0, t);
    double squares = 0;
    for (std::size_t i = 0; i < kSize; ++i) {
      partial[i] += released[i];
      ASSERT_EQ(partial[i], exact + want[i]) << "round " << t;
      squares += want[i] * want[i];
    }
    const double variance = 900.0 * std::popcount(t);
    EXPECT_NEAR(squares / kSize, variance,
                variance * 4 * std::sqrt(2.0 / kSize));
  }
}

TEST(TreeReleaseTest, ARestartLeavesTheNoiseOfOneNodePerTree) {
  TreeRelease tree = Tree();
  std::vector<double> partial(kSize);
  const auto add = [&](const std::vector<double>& released) {
    for (std::size_t i = 0; i < kSize; ++i) partial[i] += released[i];
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
  std::vector<double> want(kSize, 10);
  tree.AddNode({0, 3, 0}, 1, want);
  tree.AddNode({1, 2, 0}, 1, want);
  tree.AddNode({2, 0, 0}, 1, want);
  EXPECT_EQ(partial, want);
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
  auto release = IndependentRelease::Create(kSize, {2500, 1}, Seed()).value();
  std::vector<double> previous;
  for (int t = 0; t < 5; ++t) {
    const std::vector<double> released = Next(release, -7);
    double squares = 0, products = 0;
    for (std::size_t i = 0; i < kSize; ++i) {
      squares += std::pow(released[i] + 7, 2);
      if (t > 0) products += (released[i] + 7) * (previous[i] + 7);
    }
    EXPECT_NEAR(squares / kSize, 2500, 2500 * 4 * std::sqrt(2.0 / kSize));
    EXPECT_NEAR(products / kSize, 0, 2500 * 4 / std::sqrt(kSize));
    previous = released;
  }
  // The same round again, after a restart of the server.
  auto resumed =
      IndependentRelease::Create(kSize, {2500, 1}, Seed(), 4).value();
  EXPECT_EQ(Next(resumed, -7), previous);
  auto other = IndependentRelease::Create(kSize, {2500, 1}, Seed(6), 4).value();
  EXPECT_NE(Next(other, -7), previous);
}

TEST(SumReleaseTest, SumsOfAnotherSizeAreRefused) {
  TreeRelease tree = Tree();
  const std::vector<std::int32_t> sum(kSize), small(kSize - 1);
  std::vector<double> out(kSize), short_out(kSize + 1);
  EXPECT_THAT(tree.Next(small, out),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(tree.Next(sum, short_out),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(tree.position(), TreeRelease::Position{});
  EXPECT_THAT(tree.Next(sum, out), IsOk());
}

}  // namespace
}  // namespace sotto::privacy
