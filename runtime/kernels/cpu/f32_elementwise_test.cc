#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "runtime/kernels/cpu/f32_sweep_test_support.h"

namespace sotto::runtime {

extern const Kernel kVectorAddF32, kVectorHardSwishF32, kVectorLeakyReluF32,
    kVectorMulF32, kVectorPreluF32, kVectorRelu6F32, kVectorReluF32,
    kVectorReluN1To1F32, kVectorSubF32;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

using Formula = float (*)(float, float);
float Sum(float a, float b) { return a + b; }
float Difference(float a, float b) { return a - b; }
float Product(float a, float b) { return a * b; }
float Slope(float a, float b) { return a >= 0.0f ? a : b * a; }

struct Binary {
  const Kernel* kernel;
  Formula formula;
  bool commutes;
};
const Binary kBinaries[] = {{&kVectorAddF32, Sum, true},
                            {&kVectorSubF32, Difference, false},
                            {&kVectorMulF32, Product, true},
                            {&kVectorPreluF32, Slope, false}};

void CheckBinary(const Binary& op, const Shape& a, const Shape& b,
                 Activation activation) {
  TestTensor x = SweepTensor(a, 3), w = SweepTensor(b, 4);
  const Options options = {.activation = activation};
  const std::vector<float> u = x.values<float>(), v = w.values<float>();
  for (const bool in_place : {false, true}) {
    const std::vector<float> y =
        RunSweep(*op.kernel, {&x, &w}, options, in_place);
    ASSERT_EQ(y.size(), std::max(u.size(), v.size()));
    for (std::size_t i = 0; i < y.size(); ++i) {
      float want = op.formula(u[i % u.size()], v[i % v.size()]);
      if (activation == Activation::kRelu) want = std::max(want, 0.0f);
      ASSERT_EQ(y[i], want) << "element " << i;
    }
  }
}

TEST(VectorBinary, SameShapesScalarsAndTailsGiveTheFormulasBits) {
  ForEachTarget([] {
    for (const Binary& op : kBinaries) {
      const bool clamps = op.formula != Slope;
      for (const std::int32_t n : {1, 7, 16, 33}) {
        for (const std::int32_t rows : {1, 40}) {
          const Shape a = {3, {2, rows, n}};
          for (const Shape& b : {a, Shape{0, {}}, Shape{1, {1}}, Shape{1, {n}},
                                 Shape{3, {1, 1, n}}, Shape{2, {rows, n}}}) {
            CheckBinary(op, a, b, Activation::kNone);
            if (clamps) CheckBinary(op, a, b, Activation::kRelu);
            if (op.commutes) CheckBinary(op, b, a, Activation::kNone);
          }
        }
      }
    }
  });
}

TEST(VectorBinary, OtherBroadcastsTypesAndArityAreRefused) {
  for (const Binary& op : kBinaries) {
    TestTensor a = SweepTensor({2, {3, 4}}, 1), y;
    KernelRunner run(*op.kernel);
    for (const Shape& b : {Shape{2, {3, 1}}, Shape{1, {3}}, Shape{1, {8}},
                           Shape{3, {1, 3, 4}}}) {
      TestTensor other = SweepTensor(b, 2);
      if (op.commutes && b.rank == 3) continue;
      EXPECT_EQ(run({&a, &other}, {&y}), StatusCode::kUnimplemented);
    }
    TestTensor ints = TestTensor::Ints({2, {3, 4}}, std::vector<int>(12));
    EXPECT_EQ(run({&a, &ints}, {&y}), StatusCode::kUnimplemented);
    EXPECT_EQ(run({&a, nullptr}, {&y}), StatusCode::kInvalidArgument);
    EXPECT_EQ(run({&a}, {&y}), StatusCode::kInvalidArgument);
  }
}

TEST(VectorBinary, NoElementsAreNoResult) {
  TestTensor a = SweepTensor({2, {0, 4}}, 1), b = SweepTensor({1, {4}}, 1);
  for (const Binary& op : kBinaries) {
    EXPECT_TRUE(RunSweep(*op.kernel, {&a, &b}, {}).empty());
  }
}

TEST(VectorUnary, EqualsTheFormulaAndKeepsNaN) {
  struct Unary {
    const Kernel* kernel;
    double (*formula)(double);
  };
  const Unary unaries[] = {
      {&kVectorReluF32, [](double x) { return std::max(x, 0.0); }},
      {&kVectorReluN1To1F32, [](double x) { return std::clamp(x, -1.0, 1.0); }},
      {&kVectorRelu6F32, [](double x) { return std::clamp(x, 0.0, 6.0); }},
      {&kVectorLeakyReluF32, [](double x) { return x >= 0 ? x : 0.25 * x; }},
      {&kVectorHardSwishF32,
       [](double x) { return x * std::clamp(x + 3.0, 0.0, 6.0) / 6.0; }}};
  ForEachTarget([&] {
    for (const Unary& op : unaries) {
      for (const std::int32_t size : {0, 1, 4, 7, 16, 33, 5000}) {
        TestTensor x = SweepTensor({1, {size}}, 9);
        for (std::int32_t i = 0; i < size; ++i) x.tensor.floats()[i] *= 9.0f;
        const std::vector<float> y =
            RunSweep(*op.kernel, {&x}, {.alpha = 0.25f}, size % 2 == 0);
        for (std::size_t i = 0; i < y.size(); ++i) {
          const double in = x.tensor.floats()[i], want = op.formula(in);
          // x + 3 is rounded before it is clamped.
          ASSERT_NEAR(y[i], want, 1e-6 * std::max(std::abs(want), 0.5))
              << "at " << in;
        }
      }
      TestTensor x = TestTensor::Floats({1, {2}}, {kNaN, kInfinity}), y;
      KernelRunner run(*op.kernel);
      ASSERT_EQ(run({&x}, {&y}, {.alpha = 0.25f}), StatusCode::kOk);
      EXPECT_TRUE(std::isnan(y.values<float>()[0]));
      EXPECT_FLOAT_EQ(y.values<float>()[1], static_cast<float>(std::min(
                                                op.formula(kInfinity), 1e39)));
    }
  });
}

}  // namespace
}  // namespace sotto::runtime
