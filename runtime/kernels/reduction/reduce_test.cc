// Reductions against a plain evaluation that visits every element by its
// coordinates.

#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/kernel_runner.h"

namespace sotto::runtime {

extern const Kernel kCumsumReference, kMeanReference, kReduceAllReference,
    kReduceAnyReference, kReduceMaxReference, kReduceMinReference,
    kReduceProdReference, kSumReference;

namespace {

// All elements that fold into each output, by the output's coordinates.
template <typename T>
std::map<std::vector<int>, std::vector<T>> Groups(const Shape& shape,
                                                  const std::set<int>& axes,
                                                  const std::vector<T>& x) {
  std::map<std::vector<int>, std::vector<T>> groups;
  for (std::size_t i = 0; i < x.size(); ++i) {
    std::vector<int> at(shape.rank);
    std::size_t rest = i;
    for (std::size_t d = shape.rank; d-- > 0;) {
      const auto size = static_cast<std::size_t>(shape[d]);
      at[d] =
          axes.count(static_cast<int>(d)) ? 0 : static_cast<int>(rest % size);
      rest /= size;
    }
    groups[at].push_back(x[i]);
  }
  return groups;
}

std::vector<float> Waves(std::size_t size) {
  std::vector<float> values(size);
  for (std::size_t i = 0; i < size; ++i) {
    values[i] = std::sin(static_cast<float>(i) * 0.73f) * 3.0f;
  }
  return values;
}

struct FoldCase {
  const Kernel* kernel;
  std::function<double(const std::vector<float>&)> evaluate;
};

double Total(const std::vector<float>& v) {
  double sum = 0;
  for (float x : v) sum += x;
  return sum;
}

TEST(ReduceTest, FloatsFoldAsInDoublePrecisionOverEveryChoiceOfAxes) {
  const std::vector<FoldCase> cases = {
      {&kSumReference, Total},
      {&kMeanReference,
       [](const auto& v) { return Total(v) / static_cast<double>(v.size()); }},
      {&kReduceProdReference,
       [](const auto& v) {
         double product = 1;
         for (float x : v) product *= x;
         return product;
       }},
      {&kReduceMaxReference,
       [](const auto& v) { return *std::max_element(v.begin(), v.end()); }},
      {&kReduceMinReference,
       [](const auto& v) { return *std::min_element(v.begin(), v.end()); }},
  };
  const Shape shape = {4, {2, 3, 1, 4}};
  for (const FoldCase& c : cases) {
    for (int mask = 0; mask < 16; ++mask) {
      for (const bool keep : {false, true}) {
        for (const bool constant : {false, true}) {
          std::set<int> set;
          std::vector<std::int32_t> list;
          Shape expected_shape;
          for (int d = 0; d < 4; ++d) {
            if ((mask >> d & 1) != 0) {
              set.insert(d);
              list.push_back(d % 2 == 0 ? d : d - 4);
              list.push_back(d);  // repeated
              if (keep) expected_shape.dims[expected_shape.rank++] = 1;
            } else {
              expected_shape.dims[expected_shape.rank++] =
                  shape[static_cast<std::size_t>(d)];
            }
          }
          TestTensor x = TestTensor::Floats(shape, Waves(24)), y;
          TestTensor axes = TestTensor::Ints(
              {1, {static_cast<std::int32_t>(list.size())}}, list, constant);
          Options options;
          options.keep_dims = keep;
          KernelRunner run(*c.kernel);
          ASSERT_EQ(run({&x, &axes}, {&y}, options), StatusCode::kOk)
              << run.reason();
          EXPECT_EQ(y.tensor.is_dynamic, !constant);
          EXPECT_EQ(y.tensor.shape, expected_shape);
          const auto values = y.values<float>();
          const auto groups = Groups(shape, set, Waves(24));
          ASSERT_EQ(values.size(), groups.size());
          std::size_t o = 0;
          for (const auto& [at, group] : groups) {
            const double expected = c.evaluate(group);
            EXPECT_NEAR(values[o++], expected,
                        1e-5 * std::abs(expected) + 1e-6);
          }
        }
      }
    }
  }
}

TEST(ReduceTest, IntegersWrapAroundAndMeansRoundTowardsZero) {
  TestTensor x = TestTensor::Ints({1, {3}}, {2147483647, 2, -5}, false);
  TestTensor axes = TestTensor::Ints({1, {1}}, {0}), y;
  y.tensor.type = ElementType::kInt32;
  KernelRunner sum(kSumReference), mean(kMeanReference),
      product(kReduceProdReference);
  ASSERT_EQ(sum({&x, &axes}, {&y}), StatusCode::kOk);
  EXPECT_EQ(y.values<std::int32_t>(), (std::vector{2147483644}));
  TestTensor two = TestTensor::Ints({1, {2}}, {2147483647, 1}, false);
  ASSERT_EQ(sum({&two, &axes}, {&y}), StatusCode::kOk);
  EXPECT_EQ(y.values<std::int32_t>(), (std::vector{-2147483647 - 1}));
  ASSERT_EQ(product({&x, &axes}, {&y}), StatusCode::kOk);
  EXPECT_EQ(y.values<std::int32_t>(), (std::vector{10}));
  TestTensor odd = TestTensor::Ints({1, {2}}, {-2, -3}, false);
  ASSERT_EQ(mean({&odd, &axes}, {&y}), StatusCode::kOk);
  EXPECT_EQ(y.values<std::int32_t>(), (std::vector{-2}));
  // The sum of int32 does not fit in 32 bits; the mean does.
  TestTensor large =
      TestTensor::Ints({1, {2}}, {2147483647, 2147483645}, false);
  ASSERT_EQ(mean({&large, &axes}, {&y}), StatusCode::kOk);
  EXPECT_EQ(y.values<std::int32_t>(), (std::vector{2147483646}));
  TestTensor wide = TestTensor::Of<std::int64_t>(ElementType::kInt64, {1, {2}},
                                                 {1LL << 40, -(1LL << 41)});
  TestTensor z;
  z.tensor.type = ElementType::kInt64;
  ASSERT_EQ(mean({&wide, &axes}, {&z}), StatusCode::kOk);
  EXPECT_EQ(z.values<std::int64_t>(),
            (std::vector<std::int64_t>{-(1LL << 39)}));
}

TEST(ReduceTest, NoElementsGiveTheStartOfTheFold) {
  TestTensor x = TestTensor::Floats({2, {2, 0}}, {});
  TestTensor axes = TestTensor::Ints({}, {-1}), y;
  const float infinity = std::numeric_limits<float>::max();
  const std::vector<std::pair<const Kernel*, float>> cases = {
      {&kSumReference, 0.0f},
      {&kReduceProdReference, 1.0f},
      {&kReduceMaxReference, -infinity},
      {&kReduceMinReference, infinity}};
  for (const auto& [kernel, expected] : cases) {
    KernelRunner run(*kernel);
    ASSERT_EQ(run({&x, &axes}, {&y}), StatusCode::kOk);
    EXPECT_EQ(y.values<float>(), (std::vector{expected, expected}));
  }
  KernelRunner mean(kMeanReference);
  ASSERT_EQ(mean({&x, &axes}, {&y}), StatusCode::kOk);
  EXPECT_TRUE(std::isnan(y.values<float>()[0]));
}

TEST(ReduceTest, AnyAndAllFoldBooleans) {
  TestTensor x = TestTensor::Of<std::uint8_t>(ElementType::kBool, {2, {3, 2}},
                                              {0, 0, 0, 1, 1, 1});
  TestTensor axes = TestTensor::Ints({1, {1}}, {1}), y;
  y.tensor.type = ElementType::kBool;
  KernelRunner any(kReduceAnyReference), all(kReduceAllReference);
  ASSERT_EQ(any({&x, &axes}, {&y}), StatusCode::kOk) << any.reason();
  EXPECT_EQ(y.values<std::uint8_t>(), (std::vector<std::uint8_t>{0, 1, 1}));
  ASSERT_EQ(all({&x, &axes}, {&y}), StatusCode::kOk);
  EXPECT_EQ(y.values<std::uint8_t>(), (std::vector<std::uint8_t>{0, 0, 1}));
}

TEST(ReduceTest, QuantisedExtremesNeedOneQuantisation) {
  TestTensor x =
      TestTensor::Of<std::int8_t>(ElementType::kInt8, {1, {3}}, {-7, 100, 3});
  x.Quantize({0.5f}, 3);
  TestTensor axes = TestTensor::Ints({1, {1}}, {0}), y;
  y.tensor.type = ElementType::kInt8;
  y.Quantize({0.5f}, 3);
  KernelRunner max(kReduceMaxReference), min(kReduceMinReference);
  ASSERT_EQ(max({&x, &axes}, {&y}), StatusCode::kOk) << max.reason();
  EXPECT_EQ(y.values<std::int8_t>(), (std::vector<std::int8_t>{100}));
  ASSERT_EQ(min({&x, &axes}, {&y}), StatusCode::kOk);
  EXPECT_EQ(y.values<std::int8_t>(), (std::vector<std::int8_t>{-7}));
  y.Quantize({0.25f}, 3);
  EXPECT_EQ(max({&x, &axes}, {&y}), StatusCode::kInvalidArgument);
}

TEST(ReduceTest, AnAxisOutOfRangeIsRefused) {
  TestTensor x = TestTensor::Floats({2, {2, 2}}, Waves(4)), y;
  for (const bool constant : {false, true}) {
    for (const std::int32_t axis : {2, -3}) {
      TestTensor axes = TestTensor::Ints({1, {1}}, {axis}, constant);
      KernelRunner run(kSumReference);
      EXPECT_EQ(run({&x, &axes}, {&y}), StatusCode::kInvalidArgument);
    }
  }
}

TEST(CumsumTest, EveryFormSumsAlongItsAxis) {
  const Shape shape = {3, {2, 3, 2}};
  const std::vector<float> values = Waves(12);
  for (const std::int32_t axis : {0, 1, 2, -1}) {
    for (const bool exclusive : {false, true}) {
      for (const bool reverse : {false, true}) {
        TestTensor x = TestTensor::Floats(shape, values), y;
        TestTensor at = TestTensor::Ints({}, {axis}, axis % 2 == 0);
        Options options;
        options.exclusive = exclusive;
        options.reverse = reverse;
        KernelRunner run(kCumsumReference);
        ASSERT_EQ(run({&x, &at}, {&y}, options), StatusCode::kOk);
        const auto d = static_cast<std::size_t>(axis < 0 ? axis + 3 : axis);
        const std::size_t step = shape.ElementsFrom(d + 1);
        const auto size = static_cast<std::size_t>(shape[d]);
        for (std::size_t i = 0; i < 12; ++i) {
          const std::size_t own = i / step % size;
          double sum = 0;
          for (std::size_t j = 0; j < size; ++j) {
            const bool counts =
                (reverse ? j > own : j < own) || (j == own && !exclusive);
            if (counts) sum += values[i - own * step + j * step];
          }
          EXPECT_NEAR(y.values<float>()[i], sum, 1e-5);
        }
      }
    }
  }
  TestTensor x = TestTensor::Floats({1, {2}}, {1, 2}), y;
  TestTensor bad = TestTensor::Ints({}, {1}, false);
  KernelRunner run(kCumsumReference);
  EXPECT_EQ(run({&x, &bad}, {&y}), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sotto::runtime
