// CONCATENATION, PACK, UNPACK, SPLIT, SPLIT_V: pieces along an axis.

#include <algorithm>
#include <cmath>

#include "runtime/kernels/movement/movement_test_support.h"

namespace sotto::runtime {

extern const Kernel kConcatenation, kPack, kSplit, kSplitV, kUnpack;

namespace {

constexpr StatusCode kOk = StatusCode::kOk;
constexpr StatusCode kInvalid = StatusCode::kInvalidArgument;

// Dimension `axis` of the index moved by `by`, when that is inside `size`.
std::optional<Index> Shifted(Index at, std::size_t axis, std::int64_t by,
                             std::int64_t size) {
  at[axis] += by;
  if (at[axis] < 0 || at[axis] >= size) return std::nullopt;
  return at;
}

TEST(ConcatenationTest, JoinsEveryWidthAlongEachAxis) {
  for (const ElementType type : kWidths) {
    for (std::int32_t axis = -3; axis < 3; ++axis) {
      const auto at = static_cast<std::size_t>((axis + 3) % 3);
      Shape left = {3, {2, 3, 4}}, right = left, whole = left;
      right.dims[at] = 5;
      whole.dims[at] += 5;
      Shape none = left;
      none.dims[at] = 0;
      TestTensor a = Numbered(type, left), b = Numbered(type, right, 1000),
                 empty = Numbered(type, none), y = Output(type);
      ASSERT_EQ(
          KernelRunner(kConcatenation)({&a, &empty, &b}, {&y}, {.axis = axis}),
          kOk);
      ASSERT_EQ(y.tensor.shape, whole);
      const Words wa = WordsOf(a), wb = WordsOf(b), got = WordsOf(y);
      for (std::size_t i = 0; i < got.size(); ++i) {
        const Index index = IndexOf(whole, i);
        const auto from_a = Shifted(index, at, 0, left[at]);
        const auto from_b = Shifted(index, at, -left[at], right[at]);
        ASSERT_NE(from_a.has_value(), from_b.has_value());
        ASSERT_EQ(got[i], from_a ? wa[PositionOf(left, *from_a)]
                                 : wb[PositionOf(right, *from_b)]);
      }
    }
  }
}

TEST(ConcatenationTest, ClampsF32AndRefusesOtherActivations) {
  TestTensor a = TestTensor::Floats({1, {3}}, {-7, 0.5f, 7}), y;
  KernelRunner run(kConcatenation);
  ASSERT_EQ(run({&a, &a}, {&y}, {.activation = Activation::kRelu6}), kOk);
  EXPECT_EQ(y.values<float>(), (std::vector<float>{0, 0.5f, 6, 0, 0.5f, 6}));
  EXPECT_EQ(run({&a, &a}, {&y}, {.activation = Activation::kTanh}),
            StatusCode::kUnimplemented);
  TestTensor bytes = Numbered(ElementType::kInt8, {1, {3}});
  TestTensor out = Output(ElementType::kInt8);
  EXPECT_EQ(run({&bytes}, {&out}, {.activation = Activation::kRelu}),
            StatusCode::kUnimplemented);
}

TEST(ConcatenationTest, RefusesMisfits) {
  const auto floats = [](const Shape& shape) {
    return Numbered(ElementType::kFloat32, shape);
  };
  TestTensor a = floats({2, {2, 3}}), other = floats({2, {3, 4}}),
             flat = floats({1, {6}}), y;
  KernelRunner run(kConcatenation);
  EXPECT_EQ(run({&a, &other}, {&y}, {.axis = 1}), kInvalid);
  EXPECT_EQ(run({&a, &flat}, {&y}, {.axis = 0}), kInvalid);
  EXPECT_EQ(run({&a, &a}, {&y}, {.axis = 2}), kInvalid);
  EXPECT_EQ(run({&a, &a}, {&y}, {.axis = -3}), kInvalid);
  EXPECT_EQ(run({&a, nullptr}, {&y}), kInvalid);
  EXPECT_EQ(run({}, {&y}), kInvalid);
  TestTensor bytes = Numbered(ElementType::kInt8, {2, {2, 3}});
  EXPECT_EQ(run({&a, &bytes}, {&y}), kInvalid);
  TestTensor scalar = floats({});
  EXPECT_EQ(run({&scalar}, {&y}), kInvalid);
  // Two that fit in memory each and not together.
  TestTensor huge = floats({2, {1, 0}});
  huge.tensor.shape = {2, {0, 2147483647}};
  EXPECT_EQ(run({&huge, &huge}, {&y}, {.axis = 1}), kInvalid);
}

template <typename T>
void ExpectRescaled(ElementType type, float x_scale, std::int32_t x_zero,
                    float y_scale, std::int32_t y_zero) {
  constexpr int kLow = std::numeric_limits<T>::min();
  constexpr int kHigh = std::numeric_limits<T>::max();
  std::vector<T> values;
  for (int v = kLow; v <= kHigh; v += sizeof(T) == 1 ? 1 : 97) {
    values.push_back(static_cast<T>(v));
  }
  const auto size = static_cast<std::int32_t>(values.size());
  TestTensor x = TestTensor::Of(type, {1, {size}}, values);
  TestTensor same = TestTensor::Of(type, {1, {size}}, values);
  TestTensor y = Output(type);
  x.Quantize({x_scale}, x_zero);
  same.Quantize({y_scale}, y_zero);
  y.Quantize({y_scale}, y_zero);
  ASSERT_EQ(KernelRunner(kConcatenation)({&x, &same}, {&y}), kOk);
  const std::vector<T> got = y.values<T>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double real = double{x_scale} * (values[i] - x_zero);
    const double want = std::clamp(real / double{y_scale} + y_zero,
                                   double{kLow}, double{kHigh});
    EXPECT_LE(std::abs(got[i] - want), 0.5 + 1e-2) << int{values[i]};
    EXPECT_EQ(got[values.size() + i], values[i]);
  }
}

TEST(ConcatenationTest, RescalesPiecesOfAnotherQuantisation) {
  ExpectRescaled<std::int8_t>(ElementType::kInt8, 0.1f, -3, 0.07f, 5);
  ExpectRescaled<std::uint8_t>(ElementType::kUint8, 0.02f, 140, 0.07f, 3);
  ExpectRescaled<std::int16_t>(ElementType::kInt16, 0.001f, 0, 0.0013f, 0);
  // A ratio above every float is still no undefined conversion.
  TestTensor x =
      TestTensor::Of<std::int8_t>(ElementType::kInt8, {1, {3}}, {-128, 0, 127});
  TestTensor y = Output(ElementType::kInt8);
  x.Quantize({1e38f}, 0);
  y.Quantize({1e-38f}, 0);
  ASSERT_EQ(KernelRunner(kConcatenation)({&x}, {&y}), kOk);
  EXPECT_EQ(y.values<std::int8_t>()[2], 127);
}

TEST(PackTest, StacksAlongANewAxisAndUnpackTakesApart) {
  for (const ElementType type : kWidths) {
    for (std::int32_t axis = -3; axis < 3; ++axis) {
      const auto at = static_cast<std::size_t>((axis + 3) % 3);
      const Shape shape = {2, {3, 4}};
      std::vector<TestTensor> x;
      for (std::uint64_t i = 0; i < 5; ++i) {
        x.push_back(Numbered(type, shape, 1 + 100 * i));
      }
      TestTensor y = Output(type);
      const Options options = {.axis = axis, .count = 5};
      ASSERT_EQ(KernelRunner(kPack)({&x[0], &x[1], &x[2], &x[3], &x[4]}, {&y},
                                    options),
                kOk);
      const Words got = WordsOf(y);
      for (std::size_t i = 0; i < got.size(); ++i) {
        Index index = IndexOf(y.tensor.shape, i);
        const auto piece = static_cast<std::size_t>(index[at]);
        index.erase(index.begin() + static_cast<std::ptrdiff_t>(at));
        ASSERT_EQ(got[i], WordsOf(x[piece])[PositionOf(shape, index)]);
      }
      std::vector<TestTensor> back(5, Output(type));
      ASSERT_EQ(KernelRunner(kUnpack)(
                    {&y}, {&back[0], &back[1], &back[2], &back[3], &back[4]},
                    options),
                kOk);
      for (std::size_t i = 0; i < 5; ++i) {
        EXPECT_EQ(back[i].tensor.shape, shape);
        EXPECT_EQ(WordsOf(back[i]), WordsOf(x[i]));
      }
    }
  }
}

TEST(PackTest, RefusesMisfits) {
  TestTensor a = Numbered(ElementType::kFloat32, {2, {2, 3}}), y, z;
  TestTensor b = Numbered(ElementType::kFloat32, {2, {3, 2}});
  EXPECT_EQ(KernelRunner(kPack)({&a, &b}, {&y}, {.count = 2}), kInvalid);
  EXPECT_EQ(KernelRunner(kPack)({&a, &a}, {&y}, {.count = 3}), kInvalid);
  EXPECT_EQ(KernelRunner(kPack)({&a}, {&y}, {.axis = 3, .count = 1}), kInvalid);
  EXPECT_EQ(KernelRunner(kUnpack)({&a}, {&y}, {.count = 1}), kInvalid);
  EXPECT_EQ(KernelRunner(kUnpack)({&a}, {&y}, {.count = 2}), kInvalid);
  EXPECT_EQ(KernelRunner(kUnpack)({&a}, {&y, &z}, {.axis = 2, .count = 2}),
            kInvalid);
  TestTensor six = Numbered(ElementType::kFloat32, {6, {1, 1, 1, 1, 1, 1}});
  EXPECT_EQ(KernelRunner(kPack)({&six}, {&y}, {.count = 1}),
            StatusCode::kUnimplemented);
}

TEST(SplitTest, CutsEqualPieces) {
  for (const ElementType type : kWidths) {
    for (std::int32_t axis = -3; axis < 3; ++axis) {
      const auto at = static_cast<std::size_t>((axis + 3) % 3);
      for (const bool constant : {true, false}) {
        TestTensor x = Numbered(type, {3, {6, 2, 4}});
        TestTensor where = Scalar(axis, constant);
        TestTensor y0 = Output(type), y1 = Output(type);
        ASSERT_EQ(KernelRunner(kSplit)({&where, &x}, {&y0, &y1}, {.count = 2}),
                  kOk);
        Shape half = x.tensor.shape;
        half.dims[at] /= 2;
        for (int i = 0; i < 2; ++i) {
          ExpectMoved(x, i == 0 ? y0 : y1, half, [&](const Index& index) {
            return Shifted(index, at, i * half[at], x.tensor.shape[at]);
          });
        }
      }
    }
  }
}

TEST(SplitTest, RefusesUnequalPiecesAndAxesOutsideTheRank) {
  TestTensor x = Numbered(ElementType::kFloat32, {2, {3, 4}}), y0, y1;
  y0.memory = y1.memory = std::make_shared<GuardedBytes>();
  for (const std::int32_t axis : {0, 2, -3, 2147483647}) {
    for (const bool constant : {true, false}) {
      TestTensor where = Scalar(axis, constant);
      EXPECT_EQ(KernelRunner(kSplit)({&where, &x}, {&y0, &y1}, {.count = 2}),
                kInvalid);
    }
  }
  TestTensor where = Scalar(1);
  EXPECT_EQ(KernelRunner(kSplit)({&where, &x}, {&y0, &y1}, {.count = 4}),
            kInvalid);
  EXPECT_EQ(KernelRunner(kSplit)({&where, &x}, {}, {.count = 0}), kInvalid);
}

TEST(SplitVTest, CutsTheGivenSizesAndSolvesForOne) {
  for (const bool constant : {true, false}) {
    for (const auto& list : {std::vector<std::int32_t>{1, 0, 4},
                             std::vector<std::int32_t>{1, 0, -1}}) {
      TestTensor x = Numbered(ElementType::kInt8, {3, {2, 5, 3}});
      TestTensor sizes = List(list, constant), axis = Scalar(1, constant);
      std::vector<TestTensor> y(3, Output(ElementType::kInt8));
      ASSERT_EQ(KernelRunner(kSplitV)({&x, &sizes, &axis},
                                      {&y[0], &y[1], &y[2]}, {.count = 3}),
                kOk);
      const std::int64_t start[] = {0, 1, 1};
      const std::int32_t size[] = {1, 0, 4};
      for (std::size_t i = 0; i < 3; ++i) {
        ExpectMoved(x, y[i], {3, {2, size[i], 3}}, [&](const Index& index) {
          return Shifted(index, 1, start[i], 5);
        });
      }
    }
  }
}

TEST(SplitVTest, RefusesSizesThatDoNotFit) {
  TestTensor x = Numbered(ElementType::kInt8, {2, {5, 3}});
  std::vector<TestTensor> y(2, Output(ElementType::kInt8));
  constexpr std::int32_t kHuge = 2147483647;
  const std::vector<std::vector<std::int32_t>> cases = {
      {2, 2}, {3, 3}, {-1, -1}, {-2, 7}, {kHuge, kHuge}, {6, -1}};
  for (const auto& list : cases) {
    for (const bool constant : {true, false}) {
      TestTensor sizes = List(list, constant), axis = Scalar(0);
      EXPECT_EQ(KernelRunner(kSplitV)({&x, &sizes, &axis}, {&y[0], &y[1]},
                                      {.count = 2}),
                kInvalid);
    }
  }
  TestTensor three = List({1, 1, 3}), axis = Scalar(0);
  EXPECT_EQ(
      KernelRunner(kSplitV)({&x, &three, &axis}, {&y[0], &y[1]}, {.count = 2}),
      kInvalid);
}

}  // namespace
}  // namespace sotto::runtime
