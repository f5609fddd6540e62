#include "watermark/detect/assignment.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "gmock/gmock.h"
#include "watermark/test_models.h"

namespace sotto::watermark {
namespace {

using ::testing::ElementsAre;

double CostOf(const std::vector<double>& cost, std::size_t columns,
              const std::vector<std::size_t>& assigned) {
  double sum = 0;
  for (std::size_t r = 0; r < assigned.size(); ++r) {
    if (assigned[r] != kUnassigned) sum += cost[r * columns + assigned[r]];
  }
  return sum;
}

// The least cost over all injections of rows into columns.
double BruteForce(const std::vector<double>& cost, std::size_t rows,
                  std::size_t columns) {
  std::vector<std::size_t> order(columns);
  std::iota(order.begin(), order.end(), 0);
  double least = std::numeric_limits<double>::infinity();
  do {
    const std::vector<std::size_t> head(
        order.begin(), order.begin() + static_cast<std::ptrdiff_t>(rows));
    least = std::min(least, CostOf(cost, columns, head));
  } while (std::ranges::next_permutation(order).found);
  return least;
}

TEST(AssignTest, FindsTheCheapestMatchingOfEveryShape) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    crypto::SeededRng rng = RngFor("costs", seed);
    const std::size_t rows = 1 + crypto::UniformBelow(rng, 5);
    const std::size_t columns = rows + crypto::UniformBelow(rng, 3);
    std::vector<double> cost(rows * columns);
    for (double& c : cost) {
      c = static_cast<double>(crypto::UniformBelow(rng, 100)) - 50;
    }
    const auto assigned = Assign(cost, rows, columns);
    EXPECT_EQ(CostOf(cost, columns, assigned), BruteForce(cost, rows, columns));

    // Turned over: as cheap, and rows are left over instead of columns.
    std::vector<double> turned(cost.size());
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < columns; ++c) {
        turned[c * rows + r] = cost[r * columns + c];
      }
    }
    const auto back = Assign(turned, columns, rows);
    EXPECT_EQ(CostOf(turned, rows, back), BruteForce(cost, rows, columns));
    EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(back, kUnassigned)),
              columns - rows);
  }
}

TEST(AssignTest, PrefersTheSumToTheFirstBest) {
  // Greedy would take 1 for row 0 and be left with 10.
  EXPECT_THAT(Assign({1, 2, 1, 10}, 2, 2), ElementsAre(1, 0));
}

}  // namespace
}  // namespace sotto::watermark
