// Kernels that move or average elements: Pad, Mean, Concatenation, Squeeze,
// each against its formula by explicit indices.

#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/kernel_runner.h"

namespace sotto::runtime {

extern const Kernel kConcatenationF32, kMeanF32, kPadF32, kSqueezeF32;

namespace {

struct Result {
  StatusCode code;
  Shape shape;
  std::vector<float> values;
};

struct Floats {
  explicit Floats(const Shape& shape) : values(shape.Elements()) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = std::sin(static_cast<float>(i) * 0.61f);
    }
    tensor = {.type = ElementType::kFloat32,
              .shape = shape,
              .data = values.data(),
              .is_constant = false};
  }
  std::vector<float> values;
  Tensor tensor;
};

struct Ints {
  Ints(const Shape& shape, std::vector<std::int32_t> list)
      : values(std::move(list)) {
    tensor = {.type = ElementType::kInt32,
              .shape = shape,
              .data = values.data(),
              .is_constant = true};
  }
  std::vector<std::int32_t> values;
  Tensor tensor;
};

Result Evaluate(const Kernel& kernel, std::vector<Tensor*> inputs,
                const Options& options = {}) {
  std::vector<TestTensor> copies(inputs.size());
  std::vector<TestTensor*> in;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    copies[i].tensor = *inputs[i];
    copies[i].memory = std::make_shared<GuardedBytes>();
    in.push_back(&copies[i]);
  }
  TestTensor output;
  KernelRunner run(kernel);
  const StatusCode code = run(in, {&output}, options);
  if (code != StatusCode::kOk) return {code, {}, {}};
  return {code, output.tensor.shape, output.values<float>()};
}

TEST(PadTest, FramesTheImageWithZeros) {
  Floats x({3, {2, 3, 4}});
  Ints paddings({2, {3, 2}}, {1, 0, 2, 1, 0, 3});
  const Result got = Evaluate(kPadF32, {&x.tensor, &paddings.tensor});
  ASSERT_EQ(got.code, StatusCode::kOk);
  ASSERT_EQ(got.shape, (Shape{3, {3, 6, 7}}));
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 6; ++j) {
      for (std::size_t k = 0; k < 7; ++k) {
        const bool inside = i >= 1 && j >= 2 && j < 5 && k < 4;
        const float want =
            inside ? x.values[((i - 1) * 3 + (j - 2)) * 4 + k] : 0.0f;
        EXPECT_EQ(got.values[(i * 6 + j) * 7 + k], want);
      }
    }
  }
}

TEST(PadTest, RefusesNegativeHugeAndMisshapenPaddings) {
  Floats x({2, {2, 3}});
  Ints negative({2, {2, 2}}, {0, 0, -1, 0}), huge({2, {2, 2}}, {0, 2000000000});
  huge.values.resize(4);
  huge.tensor.data = huge.values.data();
  Ints short_list({2, {1, 2}}, {0, 0});
  for (Ints* bad : {&negative, &huge, &short_list}) {
    EXPECT_EQ(Evaluate(kPadF32, {&x.tensor, &bad->tensor}).code,
              StatusCode::kInvalidArgument);
  }
}

TEST(MeanTest, AveragesOverEachSetOfDimensions) {
  Floats x({3, {2, 3, 4}});
  for (int mask = 0; mask < 8; ++mask) {
    std::vector<std::int32_t> axes;
    for (int i = 0; i < 3; ++i) {
      // Every second one written from the end.
      if ((mask >> i & 1) != 0) axes.push_back(i == 1 ? i - 3 : i);
    }
    if (axes.empty()) continue;
    Ints list({1, {static_cast<std::int32_t>(axes.size())}}, axes);
    const Result flat = Evaluate(kMeanF32, {&x.tensor, &list.tensor});
    const Result kept =
        Evaluate(kMeanF32, {&x.tensor, &list.tensor}, {.keep_dims = true});
    ASSERT_EQ(flat.code, StatusCode::kOk);
    EXPECT_EQ(flat.shape.rank, 3 - axes.size());
    EXPECT_EQ(kept.shape.rank, 3u);
    EXPECT_EQ(flat.values, kept.values);
    const std::size_t size[3] = {2, 3, 4};
    std::vector<double> sums(flat.values.size(), 0.0);
    for (std::size_t n = 0; n < 24; ++n) {
      const std::size_t at[3] = {n / 12, n / 4 % 3, n % 4};
      std::size_t place = 0;
      for (std::size_t i = 0; i < 3; ++i) {
        if ((mask >> i & 1) == 0) place = place * size[i] + at[i];
      }
      sums[place] += double{x.values[n]};
    }
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const double count = 24.0 / static_cast<double>(sums.size());
      EXPECT_NEAR(flat.values[i], sums[i] / count, 1e-6);
    }
  }
}

TEST(MeanTest, RefusesAnAxisOutsideTheRank) {
  Floats x({2, {2, 3}});
  for (const std::int32_t axis : {2, -3, -2147483647 - 1}) {
    Ints list({1, {1}}, {axis});
    EXPECT_EQ(Evaluate(kMeanF32, {&x.tensor, &list.tensor}).code,
              StatusCode::kInvalidArgument);
  }
}

TEST(ConcatenationTest, JoinsAlongEachAxisAndActivates) {
  for (const std::int32_t axis : {0, 1, -1}) {
    Shape left = {3, {2, 3, 4}}, right = left;
    const std::size_t at = axis < 0 ? 2 : static_cast<std::size_t>(axis);
    right.dims[at] = 5;
    Floats a(left), b(right);
    const Result got =
        Evaluate(kConcatenationF32, {&a.tensor, &b.tensor},
                 {.activation = Activation::kRelu, .axis = axis});
    ASSERT_EQ(got.code, StatusCode::kOk);
    ASSERT_EQ(got.shape[at], left[at] + 5);
    const auto edge = static_cast<std::size_t>(left[at]);
    for (std::size_t n = 0; n < got.values.size(); ++n) {
      const auto d1 = static_cast<std::size_t>(got.shape[1]);
      const auto d2 = static_cast<std::size_t>(got.shape[2]);
      std::size_t i[3] = {n / (d1 * d2), n / d2 % d1, n % d2};
      const bool first = i[at] < edge;
      if (!first) i[at] -= edge;
      const Floats& from = first ? a : b;
      const Shape& s = from.tensor.shape;
      const float want =
          from.values[(i[0] * static_cast<std::size_t>(s[1]) + i[1]) *
                          static_cast<std::size_t>(s[2]) +
                      i[2]];
      EXPECT_EQ(got.values[n], std::max(want, 0.0f));
    }
  }
}

TEST(ConcatenationTest, RefusesMisfits) {
  Floats a({2, {2, 3}}), other({2, {3, 4}}), flat({1, {6}});
  EXPECT_EQ(
      Evaluate(kConcatenationF32, {&a.tensor, &other.tensor}, {.axis = 1}).code,
      StatusCode::kInvalidArgument);
  EXPECT_EQ(
      Evaluate(kConcatenationF32, {&a.tensor, &flat.tensor}, {.axis = 0}).code,
      StatusCode::kInvalidArgument);
  EXPECT_EQ(
      Evaluate(kConcatenationF32, {&a.tensor, &a.tensor}, {.axis = 2}).code,
      StatusCode::kInvalidArgument);
}

TEST(SqueezeTest, DropsTheListedDimensionsOrAllOnes) {
  Floats x({4, {1, 1, 3, 1}});
  Options options;
  EXPECT_EQ(Evaluate(kSqueezeF32, {&x.tensor}).shape, (Shape{1, {3}}));
  options.new_shape = {2, {1, -1}};
  const Result got = Evaluate(kSqueezeF32, {&x.tensor}, options);
  EXPECT_EQ(got.shape, (Shape{2, {1, 3}}));
  EXPECT_EQ(got.values, x.values);
  options.new_shape = {1, {2}};
  EXPECT_EQ(Evaluate(kSqueezeF32, {&x.tensor}, options).code,
            StatusCode::kInvalidArgument);
  options.new_shape = {1, {4}};
  EXPECT_EQ(Evaluate(kSqueezeF32, {&x.tensor}, options).code,
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sotto::runtime
