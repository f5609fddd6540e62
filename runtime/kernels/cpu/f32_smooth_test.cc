#include <gtest/gtest.h>

#include <limits>

#include "runtime/kernels/cpu/f32_sweep_test_support.h"

namespace sotto::runtime {

extern const Kernel kVectorLogisticF32, kVectorSoftmaxF32, kVectorTanhF32;

namespace {

// Sizes around the vectors, values in [-limit, limit) and tiny ones.
template <typename F>
void CheckMap(const Kernel& kernel, float limit, const F& f) {
  ForEachTarget([&] {
    for (const int size : {1, 3, 4, 7, 8, 15, 16, 17, 33, 5000}) {
      TestTensor x = SweepTensor({1, {size}}, 7);
      for (int i = 0; i < size; ++i) {
        x.tensor.floats()[i] *= i % 3 == 0 ? limit : i % 3 == 1 ? 1.0f : 1e-4f;
      }
      for (const bool in_place : {false, true}) {
        const std::vector<float> y = RunSweep(kernel, {&x}, {}, in_place);
        ASSERT_EQ(y.size(), static_cast<std::size_t>(size));
        for (std::size_t i = 0; i < y.size(); ++i) {
          const double in = x.tensor.floats()[i], want = f(in);
          ASSERT_NEAR(y[i], want, 1e-6 * std::abs(want)) << "at " << in;
        }
      }
    }
  });
}

TEST(VectorLogistic, IsWithinAMillionthOfADoubleEvaluation) {
  CheckMap(kVectorLogisticF32, 80.0f,
           [](double x) { return 1.0 / (1.0 + std::exp(-x)); });
}

TEST(VectorTanh, IsWithinAMillionthOfADoubleEvaluation) {
  CheckMap(kVectorTanhF32, 12.0f, [](double x) { return std::tanh(x); });
}

TEST(VectorLogistic, SaturatesAndKeepsNaN) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  ForEachTarget([] {
    TestTensor x = TestTensor::Floats(
        {1, {5}}, {kInfinity, -kInfinity, kNaN, 1e30f, -1e30f});
    const std::vector<std::pair<const Kernel*, float>> cases = {
        {&kVectorLogisticF32, 0.0f}, {&kVectorTanhF32, -1.0f}};
    for (const auto& [kernel, low] : cases) {
      TestTensor y;
      KernelRunner run(*kernel);
      ASSERT_EQ(run({&x}, {&y}), StatusCode::kOk);
      const std::vector<float> v = y.values<float>();
      EXPECT_FLOAT_EQ(v[0], 1.0f);
      EXPECT_NEAR(v[1], low, 1e-30);
      EXPECT_TRUE(std::isnan(v[2]));
      EXPECT_FLOAT_EQ(v[3], 1.0f);
      EXPECT_NEAR(v[4], low, 1e-30);
    }
  });
}

TEST(VectorSoftmax, EqualsADoubleEvaluation) {
  ForEachTarget([] {
    for (const int classes : {1, 2, 3, 4, 5, 8, 15, 16, 17, 33, 1001}) {
      for (const float beta : {1.0f, 0.25f, 30.0f}) {
        TestTensor x = SweepTensor({2, {3, classes}}, 5);
        std::vector<double> want;
        for (int row = 0; row < 3; ++row) {
          const float* in = x.tensor.floats() + row * classes;
          const double high = *std::max_element(in, in + classes);
          double sum = 0;
          for (int i = 0; i < classes; ++i) {
            sum += std::exp(beta * (in[i] - high));
          }
          for (int i = 0; i < classes; ++i) {
            want.push_back(std::exp(beta * (in[i] - high)) / sum);
          }
        }
        for (const bool in_place : {false, true}) {
          const std::vector<float> y =
              RunSweep(kVectorSoftmaxF32, {&x}, {.beta = beta}, in_place);
          ASSERT_EQ(y.size(), want.size());
          for (std::size_t i = 0; i < y.size(); ++i) {
            // beta * (x - max) is rounded once, which e^ multiplies; the sum
            // is rounded once a class.
            const double tolerance =
                1e-6 + 2e-7 * beta + 5e-8 * std::sqrt(classes);
            ASSERT_NEAR(y[i], want[i], tolerance * want[i]);
          }
        }
      }
    }
  });
}

TEST(VectorSoftmax, TakesExtremeValuesAndLeavesOtherBetasToTheReference) {
  TestTensor x = TestTensor::Floats({1, {3}}, {1000.0f, -1000.0f, 1000.0f}), y;
  KernelRunner run(kVectorSoftmaxF32);
  ASSERT_EQ(run({&x}, {&y}, {.beta = 1.0f}), StatusCode::kOk);
  EXPECT_EQ(y.values<float>(), (std::vector<float>{0.5f, 0.0f, 0.5f}));
  EXPECT_EQ(run({&x}, {&y}, {.beta = -1.0f}), StatusCode::kUnimplemented);
  TestTensor empty = TestTensor::Floats({2, {2, 0}}, {});
  EXPECT_EQ(run({&empty}, {&y}), StatusCode::kOk);
}

}  // namespace
}  // namespace sotto::runtime
