// Mean against its formula by explicit indices.

#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/kernel_runner.h"

namespace sotto::runtime {

extern const Kernel kMeanF32;

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

}  // namespace
}  // namespace sotto::runtime
