// DEPTH_TO_SPACE, SPACE_TO_DEPTH, SPACE_TO_BATCH_ND, BATCH_TO_SPACE_ND.

#include "runtime/kernels/movement/movement_test_support.h"

namespace sotto::runtime {

extern const Kernel kBatchToSpaceNd, kDepthToSpace, kSpaceToBatchNd,
    kSpaceToDepth;

namespace {

constexpr StatusCode kOk = StatusCode::kOk;
constexpr StatusCode kInvalid = StatusCode::kInvalidArgument;
constexpr std::int32_t kHuge = 2147483647;

TEST(DepthToSpaceTest, SpreadsChannelsAndSpaceToDepthTakesThemBack) {
  for (const ElementType type : kWidths) {
    for (const std::int32_t b : {1, 2, 3}) {
      for (const std::int32_t channels : {1, 5}) {
        const Shape flat = {4, {2, 3, 4, b * b * channels}};
        const Shape spread = {4, {2, 3 * b, 4 * b, channels}};
        TestTensor x = Numbered(type, flat), y = Output(type);
        ASSERT_EQ(KernelRunner(kDepthToSpace)({&x}, {&y}, {.block_size = b}),
                  kOk);
        ExpectMoved(x, y, spread, [&](const Index& i) {
          return std::optional(
              Index{i[0], i[1] / b, i[2] / b,
                    (i[1] % b * b + i[2] % b) * channels + i[3]});
        });
        TestTensor back = Output(type);
        ASSERT_EQ(KernelRunner(kSpaceToDepth)({&y}, {&back}, {.block_size = b}),
                  kOk);
        EXPECT_EQ(back.tensor.shape, flat);
        EXPECT_EQ(WordsOf(back), WordsOf(x));
      }
    }
  }
}

TEST(DepthToSpaceTest, RefusesBlocksThatDoNotFit) {
  TestTensor x = Numbered(ElementType::kFloat32, {4, {1, 6, 6, 6}}), y;
  TestTensor flat = Numbered(ElementType::kFloat32, {3, {6, 6, 4}});
  for (const std::int32_t b : {0, -1, 5, 6, kHuge, -kHuge - 1}) {
    EXPECT_EQ(KernelRunner(kDepthToSpace)({&x}, {&y}, {.block_size = b}),
              kInvalid);
  }
  for (const std::int32_t b : {0, -1, 4, 7, kHuge, -kHuge - 1}) {
    EXPECT_EQ(KernelRunner(kSpaceToDepth)({&x}, {&y}, {.block_size = b}),
              kInvalid);
  }
  EXPECT_EQ(KernelRunner(kDepthToSpace)({&flat}, {&y}, {.block_size = 2}),
            kInvalid);
  TestTensor empty = Numbered(ElementType::kFloat32, {4, {1, 0, 0, 9}});
  EXPECT_EQ(KernelRunner(kSpaceToDepth)({&empty}, {&y}, {.block_size = kHuge}),
            kInvalid);
  ASSERT_EQ(KernelRunner(kSpaceToDepth)({&empty}, {&y}, {.block_size = 2}),
            kOk);
  EXPECT_EQ(y.tensor.shape, (Shape{4, {1, 0, 0, 36}}));
}

struct Case {
  Shape space;
  std::vector<std::int32_t> block, frame;
};

const std::vector<Case>& Cases() {
  static const std::vector<Case> cases = {
      {{4, {2, 4, 6, 3}}, {2, 2}, {0, 0, 0, 0}},
      {{4, {1, 4, 5, 2}}, {2, 3}, {1, 1, 0, 4}},
      {{3, {2, 5, 3}}, {4}, {2, 1}},
      {{5, {1, 2, 3, 2, 2}}, {2, 3, 2}, {0, 0, 3, 3, 1, 1}},
      {{6, {1, 2, 2, 2, 2, 2}},
       {2, 1, 2, 1, 2},
       {0, 2, 1, 0, 0, 0, 0, 3, 1, 1}},
      {{2, {3, 4}}, {4}, {5, 7}},
      {{2, {3, 4}}, {}, {}},
  };
  return cases;
}

struct Layout {
  explicit Layout(const Case& c) : batches(c.space) {
    for (std::size_t i = 0; i < c.block.size(); ++i) {
      batches.dims[0] *= c.block[i];
      batches.dims[i + 1] =
          (c.space[i + 1] + c.frame[2 * i] + c.frame[2 * i + 1]) / c.block[i];
    }
  }
  // Where an element of `batches` lies in `space`.
  static std::optional<Index> Of(const Case& c, Index at) {
    std::int64_t place = at[0] / c.space[0];
    at[0] %= c.space[0];
    for (std::size_t i = c.block.size(); i-- > 0; place /= c.block[i]) {
      at[i + 1] = at[i + 1] * c.block[i] + place % c.block[i] - c.frame[2 * i];
      if (at[i + 1] < 0 || at[i + 1] >= c.space[i + 1]) return std::nullopt;
    }
    return at;
  }
  Shape batches;
};

TestTensor FrameOf(const Case& c, bool constant) {
  return TestTensor::Ints({2, {static_cast<std::int32_t>(c.block.size()), 2}},
                          c.frame, constant);
}

TEST(SpaceToBatchTest, TakesApartAndBatchToSpacePutsTogether) {
  for (const ElementType type : kWidths) {
    for (const Case& c : Cases()) {
      for (const bool constant : {true, false}) {
        TestTensor x = Numbered(type, c.space), y = Output(type);
        TestTensor block = List(c.block, constant);
        TestTensor frame = FrameOf(c, constant);
        ASSERT_EQ(KernelRunner(kSpaceToBatchNd)({&x, &block, &frame}, {&y}),
                  kOk);
        ExpectMoved(x, y, Layout(c).batches,
                    [&](const Index& at) { return Layout::Of(c, at); });
        TestTensor back = Output(type);
        ASSERT_EQ(KernelRunner(kBatchToSpaceNd)({&y, &block, &frame}, {&back}),
                  kOk);
        EXPECT_EQ(back.tensor.shape, c.space);
        EXPECT_EQ(WordsOf(back), WordsOf(x));
      }
    }
  }
}

TEST(SpaceToBatchTest, FramesQuantisedTensorsWithTheZeroPoint) {
  const Case& c = Cases()[1];
  TestTensor x = Numbered(ElementType::kInt8, c.space);
  TestTensor y = Output(ElementType::kInt8), block = List(c.block);
  TestTensor frame = FrameOf(c, true);
  x.Quantize({0.5f}, 11);
  y.Quantize({0.5f}, 11);
  ASSERT_EQ(KernelRunner(kSpaceToBatchNd)({&x, &block, &frame}, {&y}), kOk);
  ExpectMoved(
      x, y, Layout(c).batches,
      [&](const Index& at) { return Layout::Of(c, at); }, 11);
}

TEST(SpaceToBatchTest, RefusesBlocksAndFramesThatDoNotFit) {
  const std::vector<Case> cases = {{{}, {0, 1}, {0, 0, 0, 0}},
                                   {{}, {-2, 1}, {0, 0, 0, 0}},
                                   {{}, {3, 1}, {0, 0, 0, 0}},
                                   {{}, {2, 1}, {-1, 1, 0, 0}},
                                   {{}, {kHuge, 1}, {0, 0, 0, 0}},
                                   {{}, {2, 1}, {kHuge, kHuge, 0, 0}},
                                   {{}, {kHuge, kHuge}, {0, kHuge, 0, kHuge}},
                                   {{}, {2, 2, 2, 2}, {0, 0, 0, 0, 0, 0, 0, 0}},
                                   {{}, {2, 1}, {0, 0}},
                                   {{}, {1, 1}, {kHuge, 0, kHuge, 0}}};
  for (const Case& c : cases) {
    for (const bool constant : {true, false}) {
      TestTensor x = Numbered(ElementType::kInt8, {4, {1, 4, 4, 1}});
      TestTensor y = Output(ElementType::kInt8);
      TestTensor block = List(c.block, constant);
      TestTensor frame = TestTensor::Ints(
          {2, {static_cast<std::int32_t>(c.frame.size() / 2), 2}}, c.frame,
          constant);
      EXPECT_EQ(KernelRunner(kSpaceToBatchNd)({&x, &block, &frame}, {&y}),
                kInvalid);
    }
  }
}

TEST(BatchToSpaceTest, RefusesBatchesAndFramesThatDoNotFit) {
  const std::vector<Case> cases = {
      {{}, {3, 1}, {0, 0, 0, 0}},         {{}, {0, 1}, {0, 0, 0, 0}},
      {{}, {2, 2}, {5, 4, 0, 0}},         {{}, {2, 2}, {-1, 0, 0, 0}},
      {{}, {2, 2}, {kHuge, kHuge, 0, 0}}, {{}, {kHuge, 2}, {0, 0, 0, 0}}};
  for (const Case& c : cases) {
    for (const bool constant : {true, false}) {
      TestTensor x = Numbered(ElementType::kInt8, {4, {4, 4, 4, 1}});
      TestTensor y = Output(ElementType::kInt8);
      TestTensor block = List(c.block, constant), frame = FrameOf(c, constant);
      EXPECT_EQ(KernelRunner(kBatchToSpaceNd)({&x, &block, &frame}, {&y}),
                kInvalid);
    }
  }
}

}  // namespace
}  // namespace sotto::runtime
