#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/kernel_runner.h"

namespace sotto::runtime {

extern const Kernel kTopKV2Reference;

namespace {

TEST(TopKTest, EveryKAgreesWithAStableSort) {
  const std::int32_t n = 17;
  std::vector<std::int32_t> values(3 * n);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<std::int32_t>(i * 7919 % 11) - 5;  // with repeats
  }
  for (const bool constant : {false, true}) {
    for (std::int32_t k = 0; k <= n; ++k) {
      TestTensor x = TestTensor::Ints({2, {3, n}}, values, false);
      TestTensor count = TestTensor::Ints({}, {k}, constant), best, places;
      best.tensor.type = places.tensor.type = ElementType::kInt32;
      KernelRunner run(kTopKV2Reference);
      ASSERT_EQ(run({&x, &count}, {&best, &places}), StatusCode::kOk)
          << run.reason();
      ASSERT_EQ(best.tensor.shape, (Shape{2, {3, k}}));
      ASSERT_EQ(places.tensor.shape, best.tensor.shape);
      const auto found = places.values<std::int32_t>();
      const auto found_values = best.values<std::int32_t>();
      for (std::int32_t row = 0; row < 3; ++row) {
        std::vector<std::int32_t> order(n);
        std::iota(order.begin(), order.end(), 0);
        const auto* at = values.data() + row * n;
        std::stable_sort(order.begin(), order.end(),
                         [at](auto a, auto b) { return at[a] > at[b]; });
        for (std::int32_t i = 0; i < k; ++i) {
          const auto o = static_cast<std::size_t>(row * k + i);
          EXPECT_EQ(found[o], order[static_cast<std::size_t>(i)]);
          EXPECT_EQ(found_values[o], at[found[o]]);
        }
      }
    }
  }
}

TEST(TopKTest, NanComesAfterEveryNumber) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  TestTensor x = TestTensor::Floats({1, {5}}, {nan, -1, nan, 4, -INFINITY});
  TestTensor k = TestTensor::Ints({}, {5}), best, places;
  places.tensor.type = ElementType::kInt32;
  KernelRunner run(kTopKV2Reference);
  ASSERT_EQ(run({&x, &k}, {&best, &places}), StatusCode::kOk);
  EXPECT_EQ(places.values<std::int32_t>(),
            (std::vector<std::int32_t>{3, 1, 4, 0, 2}));
}

TEST(TopKTest, MoreThanThereAreIsRefused) {
  TestTensor x = TestTensor::Floats({1, {2}}, {1, 2}), best, places;
  places.tensor.type = ElementType::kInt32;
  KernelRunner run(kTopKV2Reference);
  for (const bool constant : {false, true}) {
    for (const std::int32_t value : {3, -1}) {
      TestTensor k = TestTensor::Ints({}, {value}, constant);
      EXPECT_EQ(run({&x, &k}, {&best, &places}), StatusCode::kInvalidArgument);
    }
  }
}

}  // namespace
}  // namespace sotto::runtime
