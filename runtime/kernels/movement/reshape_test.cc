// RESHAPE, SQUEEZE, EXPAND_DIMS, DENSIFY, SHAPE, RANK: elements stay, shapes
// change.

#include "runtime/kernels/movement/movement_test_support.h"

namespace sotto::runtime {

extern const Kernel kDensify, kExpandDims, kRank, kReshape, kShape, kSqueeze;

namespace {

constexpr StatusCode kOk = StatusCode::kOk;
constexpr StatusCode kInvalid = StatusCode::kInvalidArgument;

TEST(ReshapeTest, KeepsTheElementsOfEveryWidthInPlaceAndNot) {
  for (const ElementType type : kWidths) {
    for (const bool in_place : {false, true}) {
      TestTensor x = Numbered(type, {3, {2, 3, 4}}), y = Output(type);
      const Words want = WordsOf(x);
      TestTensor shape = List({4, -1});
      KernelRunner run(kReshape);
      ASSERT_EQ(run({&x, &shape}, {&y}, {}, in_place), kOk) << run.reason();
      EXPECT_EQ(y.tensor.shape, (Shape{2, {4, 6}}));
      EXPECT_EQ(WordsOf(y), want);
      EXPECT_EQ(y.tensor.data == x.tensor.data, in_place);
    }
  }
}

TEST(ReshapeTest, TakesTheShapeFromOptionsAndFromValuesOfTheRun) {
  TestTensor x = Numbered(ElementType::kFloat32, {2, {3, 4}});
  KernelRunner run(kReshape);
  TestTensor y;
  ASSERT_EQ(run({&x}, {&y}, {.new_shape = {1, {12}}, .has_new_shape = true}),
            kOk);
  EXPECT_EQ(y.tensor.shape, (Shape{1, {12}}));
  TestTensor late = List({2, -1, 3}, false);
  ASSERT_EQ(run({&x, &late}, {&y}), kOk);
  EXPECT_EQ(y.tensor.shape, (Shape{3, {2, 2, 3}}));
  EXPECT_EQ(WordsOf(y), WordsOf(x));
  TestTensor longs = Longs({1, {2}}, {6, 2});
  ASSERT_EQ(run({&x, &longs}, {&y}), kOk);
  EXPECT_EQ(y.tensor.shape, (Shape{2, {6, 2}}));
  EXPECT_EQ(run({&x}, {&y}), kInvalid);
  TestTensor one = Numbered(ElementType::kFloat32, {2, {1, 1}});
  ASSERT_EQ(run({&one}, {&y}, {.new_shape = {1, {0}}, .has_new_shape = true}),
            kOk);
  EXPECT_EQ(y.tensor.shape, Shape{});
}

TEST(ReshapeTest, TakesALeadingOneForTheBatch) {
  TestTensor x = Numbered(ElementType::kFloat32, {3, {4, 2, 3}});
  TestTensor y;
  for (const bool constant : {true, false}) {
    TestTensor shape = List({1, 6}, constant);
    ASSERT_EQ(KernelRunner(kReshape)({&x, &shape}, {&y}), kOk);
    EXPECT_EQ(y.tensor.shape, (Shape{2, {4, 6}}));
  }
}

TEST(ReshapeTest, ReshapesEmptyTensors) {
  TestTensor x = Numbered(ElementType::kInt8, {3, {0, 2, 3}});
  TestTensor y = Output(ElementType::kInt8);
  TestTensor fits = List({-1, 6}), open = List({0, -1}), wrong = List({6});
  KernelRunner run(kReshape);
  ASSERT_EQ(run({&x, &fits}, {&y}), kOk);
  EXPECT_EQ(y.tensor.shape, (Shape{2, {0, 6}}));
  ASSERT_EQ(run({&x, &open}, {&y}), kOk);
  EXPECT_EQ(y.tensor.shape, (Shape{2, {0, 0}}));
  EXPECT_EQ(run({&x, &wrong}, {&y}), kInvalid);
}

TEST(ReshapeTest, RefusesShapesThatDoNotFit) {
  TestTensor x = Numbered(ElementType::kFloat32, {2, {3, 4}});
  TestTensor y;
  constexpr std::int32_t kHuge = 2147483647;
  const std::vector<std::vector<std::int32_t>> cases = {
      {5, -1},
      {-1, -1},
      {-2, 6},
      {13},
      {0, 12},
      {0, -1},
      {kHuge, kHuge, kHuge, kHuge},
      {1, 5},
      {-kHuge - 1, 12}};
  for (const auto& list : cases) {
    for (const bool constant : {true, false}) {
      TestTensor shape = List(list, constant);
      EXPECT_EQ(KernelRunner(kReshape)({&x, &shape}, {&y}), kInvalid);
    }
  }
  TestTensor seven = List({1, 1, 1, 1, 1, 1, 12});
  EXPECT_EQ(KernelRunner(kReshape)({&x, &seven}, {&y}),
            StatusCode::kUnimplemented);
  TestTensor fits = List({12}), bytes = Output(ElementType::kInt8);
  EXPECT_EQ(KernelRunner(kReshape)({&x, &fits}, {&bytes}), kInvalid);
}

TEST(ReshapeTest, RefusesToChangeWhatStoredValuesMean) {
  TestTensor x = Numbered(ElementType::kInt8, {1, {4}});
  TestTensor y = Output(ElementType::kInt8), shape = List({2, 2});
  x.Quantize({0.5f}, 3);
  y.Quantize({0.5f}, 3);
  EXPECT_EQ(KernelRunner(kReshape)({&x, &shape}, {&y}), kOk);
  y.Quantize({0.25f}, 3);
  EXPECT_EQ(KernelRunner(kReshape)({&x, &shape}, {&y}),
            StatusCode::kUnimplemented);
  y.Quantize({0.5f}, 4);
  EXPECT_EQ(KernelRunner(kReshape)({&x, &shape}, {&y}),
            StatusCode::kUnimplemented);
}

TEST(SqueezeTest, DropsTheListedDimensionsOrAllOnes) {
  TestTensor x = Numbered(ElementType::kFloat32, {4, {1, 1, 3, 1}}), y;
  KernelRunner run(kSqueeze);
  ASSERT_EQ(run({&x}, {&y}), kOk);
  EXPECT_EQ(y.tensor.shape, (Shape{1, {3}}));
  ASSERT_EQ(run({&x}, {&y}, {.new_shape = {2, {1, -1}}}), kOk);
  EXPECT_EQ(y.tensor.shape, (Shape{2, {1, 3}}));
  EXPECT_EQ(WordsOf(y), WordsOf(x));
  for (const std::int32_t bad : {2, 4, -5, -2147483647 - 1}) {
    EXPECT_EQ(run({&x}, {&y}, {.new_shape = {1, {bad}}}), kInvalid);
  }
}

TEST(ExpandDimsTest, InsertsAOneAtEachAxis) {
  TestTensor x = Numbered(ElementType::kInt16, {2, {3, 4}});
  TestTensor y = Output(ElementType::kInt16);
  const Shape want[] = {{3, {1, 3, 4}}, {3, {3, 1, 4}}, {3, {3, 4, 1}}};
  for (std::int32_t axis = -3; axis < 3; ++axis) {
    for (const bool constant : {true, false}) {
      TestTensor at = Scalar(axis, constant);
      ASSERT_EQ(KernelRunner(kExpandDims)({&x, &at}, {&y}), kOk);
      EXPECT_EQ(y.tensor.shape, want[(axis + 3) % 3]);
      EXPECT_EQ(WordsOf(y), WordsOf(x));
    }
  }
  for (const std::int32_t axis : {3, -4, 2147483647}) {
    for (const bool constant : {true, false}) {
      TestTensor at = Scalar(axis, constant);
      EXPECT_EQ(KernelRunner(kExpandDims)({&x, &at}, {&y}), kInvalid);
    }
  }
}

TEST(DensifyTest, CopiesConstantsOnly) {
  TestTensor x = Numbered(ElementType::kFloat16, {2, {3, 5}});
  TestTensor y = Output(ElementType::kFloat16);
  EXPECT_EQ(KernelRunner(kDensify)({&x}, {&y}), StatusCode::kUnimplemented);
  x.tensor.is_constant = true;
  ASSERT_EQ(KernelRunner(kDensify)({&x}, {&y}), kOk);
  EXPECT_EQ(y.tensor.shape, x.tensor.shape);
  EXPECT_EQ(WordsOf(y), WordsOf(x));
}

TEST(ShapeTest, GivesTheDimensionsInEitherIntegerType) {
  TestTensor x = Numbered(ElementType::kInt8, {3, {5, 0, 7}});
  TestTensor y = Output(ElementType::kInt32);
  ASSERT_EQ(KernelRunner(kShape)({&x}, {&y}), kOk);
  EXPECT_EQ(y.values<std::int32_t>(), (std::vector<std::int32_t>{5, 0, 7}));
  TestTensor longs = Output(ElementType::kInt64);
  EXPECT_EQ(KernelRunner(kShape)({&x}, {&longs}), kInvalid);
  ASSERT_EQ(
      KernelRunner(kShape)({&x}, {&longs}, {.out_type = ElementType::kInt64}),
      kOk);
  EXPECT_EQ(longs.values<std::int64_t>(), (std::vector<std::int64_t>{5, 0, 7}));
  TestTensor scalar = Numbered(ElementType::kFloat32, {});
  ASSERT_EQ(KernelRunner(kShape)({&scalar}, {&y}), kOk);
  EXPECT_EQ(y.tensor.shape, (Shape{1, {0}}));
}

TEST(RankTest, CountsTheDimensions) {
  TestTensor y = Output(ElementType::kInt32);
  for (std::size_t rank = 0; rank <= 6; ++rank) {
    TestTensor x = Numbered(ElementType::kInt8, {rank, {1, 2, 1, 2, 1, 2}});
    ASSERT_EQ(KernelRunner(kRank)({&x}, {&y}), kOk);
    EXPECT_EQ(y.tensor.shape, Shape{});
    EXPECT_EQ(y.values<std::int32_t>()[0], static_cast<std::int32_t>(rank));
  }
}

}  // namespace
}  // namespace sotto::runtime
