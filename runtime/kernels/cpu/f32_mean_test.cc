#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "runtime/kernels/cpu/f32_sweep_test_support.h"

namespace sotto::runtime {

extern const Kernel kVectorMeanF32;

namespace {

// Over dimensions [from, to) of x.
void Check(const Shape& shape, std::size_t from, std::size_t to,
           bool keep_dims = false) {
  SCOPED_TRACE(testing::Message()
               << "rank " << shape.rank << ", axes " << from << " to " << to);
  TestTensor x = SweepTensor(shape, 3);
  std::vector<std::int32_t> list;
  std::size_t outer = 1, reduced = 1, inner = 1;
  Shape expected;
  for (std::size_t i = 0; i < shape.rank; ++i) {
    const auto size = static_cast<std::size_t>(shape[i]);
    (i < from ? outer : i < to ? reduced : inner) *= size;
    const bool listed = i >= from && i < to;
    if (!listed || keep_dims) {
      expected.dims[expected.rank++] = listed ? 1 : shape[i];
    }
    if (!listed) continue;
    const auto axis = static_cast<std::int32_t>(i);
    list.push_back(i % 2 == 0 ? axis
                              : axis - static_cast<std::int32_t>(shape.rank));
  }
  std::reverse(list.begin(), list.end());
  std::vector<double> want(outer * inner, 0.0);
  for (std::size_t i = 0; i < outer * reduced * inner; ++i) {
    want[i / (reduced * inner) * inner + i % inner] +=
        static_cast<double>(x.tensor.floats()[i]) /
        static_cast<double>(reduced);
  }
  TestTensor axes =
      TestTensor::Ints({1, {static_cast<std::int32_t>(list.size())}}, list);
  for (const int threads : {1, 3}) {
    TestTensor y;
    KernelRunner run(kVectorMeanF32, threads);
    ASSERT_EQ(run({&x, &axes}, {&y}, {.keep_dims = keep_dims}), StatusCode::kOk)
        << run.reason();
    EXPECT_EQ(y.tensor.shape, expected);
    ExpectClose(y.values<float>(), want, 1);
  }
}

TEST(VectorMean, EqualsADoubleEvaluationWhereverTheAxesLie) {
  ForEachTarget([] {
    for (const int inner : {1, 2, 3, 4, 7, 8, 15, 16, 17, 33}) {
      for (const int reduced : {1, 2, 3, 5, 16, 63, 64, 65, 131}) {
        Check({3, {2, reduced, inner}}, 1, 2);
        Check({4, {3, 1, reduced, inner}}, 1, 3, true);
        Check({2, {reduced, inner}}, 0, 1);
        Check({2, {inner, reduced}}, 1, 2, reduced % 2 == 0);
      }
    }
    Check({4, {2, 3, 4, 19}}, 1, 3);
    Check({4, {2, 3, 4, 19}}, 1, 4, true);
    Check({3, {2, 3, 5}}, 0, 3);
  });
}

TEST(VectorMean, StaysExactOverManyElements) {
  ForEachTarget([] {
    // One rounding a step would be off by up to 1e-3.
    for (const int inner : {1, 16}) {
      TestTensor x = TestTensor::Floats(
          {2, {400'000, inner}},
          std::vector<float>(400'000UL * static_cast<std::size_t>(inner),
                             0.1f));
      TestTensor axes = TestTensor::Ints({1, {1}}, {0}), y;
      KernelRunner run(kVectorMeanF32);
      ASSERT_EQ(run({&x, &axes}, {&y}), StatusCode::kOk);
      for (const float value : y.values<float>()) EXPECT_NEAR(value, 0.1, 2e-7);
    }
  });
}

TEST(VectorMean, KeepsInfinity) {
  TestTensor x = TestTensor::Floats({1, {3}}, {1, INFINITY, 2}), y;
  TestTensor axes = TestTensor::Ints({1, {1}}, {0});
  KernelRunner run(kVectorMeanF32);
  ASSERT_EQ(run({&x, &axes}, {&y}), StatusCode::kOk);
  EXPECT_EQ(y.values<float>(), std::vector<float>{INFINITY});
}

TEST(VectorMean, TakesADimensionListedTwiceOrOfSizeOne) {
  TestTensor x = TestTensor::Floats({4, {2, 1, 2, 1}}, {1, 3, 5, 9}), y;
  KernelRunner run(kVectorMeanF32);
  TestTensor twice = TestTensor::Ints({1, {2}}, {2, -2});
  ASSERT_EQ(run({&x, &twice}, {&y}), StatusCode::kOk);
  EXPECT_EQ(y.tensor.shape, (Shape{3, {2, 1, 1}}));
  EXPECT_EQ(y.values<float>(), (std::vector<float>{2, 7}));
  // The last one lies behind a kept dimension, which does not matter.
  TestTensor ones = TestTensor::Ints({1, {2}}, {0, 3});
  ASSERT_EQ(run({&x, &ones}, {&y}), StatusCode::kOk);
  EXPECT_EQ(y.tensor.shape, (Shape{2, {1, 2}}));
  EXPECT_EQ(y.values<float>(), (std::vector<float>{3, 6}));
}

TEST(VectorMean, LeavesOtherAxesToTheReference) {
  TestTensor x = SweepTensor({4, {2, 3, 4, 5}}, 3), y;
  for (const std::vector<std::int32_t>& list :
       {std::vector<std::int32_t>{1, 3}, {0, 2}, {1, 4}, {-5, 1}}) {
    TestTensor axes = TestTensor::Ints({1, {2}}, list);
    KernelRunner run(kVectorMeanF32);
    EXPECT_EQ(run({&x, &axes}, {&y}), StatusCode::kUnimplemented);
  }
  TestTensor empty = SweepTensor({2, {0, 3}}, 3);
  TestTensor axes = TestTensor::Ints({1, {1}}, {1});
  KernelRunner run(kVectorMeanF32);
  EXPECT_EQ(run({&empty, &axes}, {&y}), StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace sotto::runtime
