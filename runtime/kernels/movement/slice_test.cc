// SLICE, STRIDED_SLICE, DYNAMIC_UPDATE_SLICE: boxes of a tensor.

#include <algorithm>

#include "runtime/kernels/movement/movement_test_support.h"

namespace sotto::runtime {

extern const Kernel kDynamicUpdateSlice, kSlice, kStridedSlice;

namespace {

constexpr StatusCode kOk = StatusCode::kOk;
constexpr StatusCode kInvalid = StatusCode::kInvalidArgument;
constexpr std::int32_t kHuge = 2147483647;

TEST(SliceTest, TakesTheBoxInEveryWidth) {
  for (const ElementType type : kWidths) {
    for (const bool constant : {true, false}) {
      TestTensor x = Numbered(type, {3, {4, 5, 6}}), y = Output(type);
      TestTensor begin = List({1, 0, 2}, constant);
      TestTensor size = List({2, -1, 3}, constant);
      ASSERT_EQ(KernelRunner(kSlice)({&x, &begin, &size}, {&y}), kOk);
      ExpectMoved(x, y, {3, {2, 5, 3}}, [](Index i) {
        i[0] += 1;
        i[2] += 2;
        return std::optional(i);
      });
    }
  }
}

TEST(SliceTest, MayBeEmptyAndMayBeAll) {
  TestTensor x = Numbered(ElementType::kFloat32, {2, {3, 4}}), y;
  TestTensor end = List({3, 4}), all = List({-1, -1}), zero = List({0, 0});
  ASSERT_EQ(KernelRunner(kSlice)({&x, &end, &all}, {&y}), kOk);
  EXPECT_EQ(y.tensor.shape, (Shape{2, {0, 0}}));
  TestTensor longs = Longs({1, {2}}, {0, 0});
  ASSERT_EQ(KernelRunner(kSlice)({&x, &longs, &all}, {&y}), kOk);
  EXPECT_EQ(WordsOf(y), WordsOf(x));
  TestTensor scalar = Numbered(ElementType::kFloat32, {}), none = List({});
  ASSERT_EQ(KernelRunner(kSlice)({&scalar, &none, &none}, {&y}), kOk);
  EXPECT_EQ(WordsOf(y), WordsOf(scalar));
}

TEST(SliceTest, RefusesBoxesOutsideX) {
  TestTensor x = Numbered(ElementType::kInt8, {2, {3, 4}});
  TestTensor y = Output(ElementType::kInt8);
  const std::vector<std::vector<std::int32_t>> cases = {
      {4, 0, 0, 0},     {-1, 0, 1, 1},          {0, 0, 4, 4},
      {1, 0, 3, 4},     {0, 0, -2, 1},          {0, kHuge, 1, kHuge},
      {1, 0, kHuge, 1}, {-kHuge - 1, 0, -1, -1}};
  for (const auto& c : cases) {
    for (const bool constant : {true, false}) {
      TestTensor begin = List({c[0], c[1]}, constant);
      TestTensor size = List({c[2], c[3]}, constant);
      EXPECT_EQ(KernelRunner(kSlice)({&x, &begin, &size}, {&y}), kInvalid);
    }
  }
  TestTensor three = List({0, 0, 0}), two = List({1, 1});
  EXPECT_EQ(KernelRunner(kSlice)({&x, &three, &two}, {&y}), kInvalid);
}

struct Cut {
  std::vector<std::int32_t> begin, end, strides;
  Options options;
  Shape shape;
  Source source;
};

Index At(std::int64_t a, std::int64_t b, std::int64_t c) { return {a, b, c}; }

// Of x [4, 5, 6].
const std::vector<Cut>& Cuts() {
  static const std::vector<Cut> cuts = {
      {{1, 0, 0},
       {3, 5, 6},
       {1, 1, 1},
       {},
       {3, {2, 5, 6}},
       [](const Index& i) { return At(i[0] + 1, i[1], i[2]); }},
      {{0, 1, 0},
       {4, 5, 6},
       {3, 2, 5},
       {},
       {3, {2, 2, 2}},
       [](const Index& i) { return At(i[0] * 3, 1 + i[1] * 2, i[2] * 5); }},
      // Backwards: all, and all but the first.
      {{0, -1, -1},
       {4, 0, -7},
       {1, -1, -2},
       {},
       {3, {4, 4, 3}},
       [](const Index& i) { return At(i[0], 4 - i[1], 5 - i[2] * 2); }},
      // Masked begin and end stand for both ends, in either direction.
      {{2, 2, 2},
       {1, 1, 1},
       {1, -2, 1},
       {.begin_mask = 3, .end_mask = 6},
       {3, {1, 3, 4}},
       [](const Index& i) { return At(i[0], 4 - i[1] * 2, i[2] + 2); }},
      // One stretch of memory.
      {{2, 1, 0},
       {3, 4, 6},
       {1, 1, 1},
       {},
       {3, {1, 3, 6}},
       [](const Index& i) { return At(2, i[1] + 1, i[2]); }},
      {{3, 4, 1},
       {4, 5, 5},
       {1, 1, 1},
       {},
       {3, {1, 1, 4}},
       [](const Index& i) { return At(3, 4, i[2] + 1); }},
      // Clamped to the dimension.
      {{-100, 3, 0},
       {2, 100, 6},
       {1, 1, 1},
       {},
       {3, {2, 2, 6}},
       [](const Index& i) { return At(i[0], i[1] + 3, i[2]); }},
      // Fewer entries than dimensions.
      {{-1},
       {kHuge},
       {1},
       {},
       {3, {1, 5, 6}},
       [](const Index& i) { return At(i[0] + 3, i[1], i[2]); }},
      // An index drops its dimension.
      {{2, 0, -1},
       {0, 5, 0},
       {1, 1, 1},
       {.shrink_axis_mask = 5},
       {1, {5}},
       [](const Index& i) { return At(2, i[0], 5); }},
      // x[..., 1:3]
      {{0, 1},
       {0, 3},
       {1, 1},
       {.ellipsis_mask = 1},
       {3, {4, 5, 2}},
       [](const Index& i) { return At(i[0], i[1], i[2] + 1); }},
      // x[1, ..., new, 2]
      {{1, 0, 0, 2},
       {2, 0, 0, 3},
       {1, 1, 1, 1},
       {.ellipsis_mask = 2, .new_axis_mask = 4, .shrink_axis_mask = 9},
       {2, {5, 1}},
       [](const Index& i) { return At(1, i[0], 2); }},
      // x[new, :, ..., :, new, ::-1]: the ellipsis spans one dimension.
      {{0, 0, 0, 0, 0},
       {0, 0, 0, 0, 0},
       {1, 1, 1, 1, -1},
       {.begin_mask = 31,
        .end_mask = 31,
        .ellipsis_mask = 4,
        .new_axis_mask = 9},
       {5, {1, 4, 5, 1, 6}},
       [](const Index& i) { return At(i[1], i[2], 5 - i[4]); }},
      // The ellipsis may span nothing.
      {{1, 0, 0, 0},
       {2, 0, 5, 6},
       {1, 1, 1, 1},
       {.ellipsis_mask = 2},
       {3, {1, 5, 6}},
       [](const Index& i) { return At(1, i[1], i[2]); }},
      {{1, -2, 0},
       {2, 2, 3},
       {1, 1, 1},
       {.end_is_offset = true},
       {3, {2, 2, 3}},
       [](const Index& i) { return At(i[0] + 1, i[1] + 3, i[2]); }},
      // Nothing between begin and end.
      {{3, 0, 0}, {1, 5, 6}, {1, 1, 1}, {}, {3, {0, 5, 6}}, {}},
      {{1, 0, 0}, {3, 5, 6}, {-1, 1, 1}, {}, {3, {0, 5, 6}}, {}},
      {{0, 0, 0},
       {kHuge, kHuge, kHuge},
       {kHuge, kHuge, kHuge},
       {},
       {3, {1, 1, 1}},
       [](const Index&) { return At(0, 0, 0); }},
      {{-1, -1, -1},
       {-kHuge - 1, -kHuge - 1, -kHuge - 1},
       {-kHuge - 1, -kHuge - 1, -kHuge - 1},
       {},
       {3, {1, 1, 1}},
       [](const Index&) { return At(3, 4, 5); }},
  };
  return cuts;
}

TEST(StridedSliceTest, FollowsBeginEndStridesAndEveryMask) {
  for (std::size_t n = 0; n < Cuts().size(); ++n) {
    const Cut& cut = Cuts()[n];
    for (const ElementType type : kWidths) {
      for (const bool constant : {true, false}) {
        SCOPED_TRACE(n);
        TestTensor x = Numbered(type, {3, {4, 5, 6}}), y = Output(type);
        TestTensor begin = List(cut.begin, constant);
        TestTensor end = List(cut.end, constant);
        TestTensor strides = List(cut.strides, constant);
        KernelRunner run(kStridedSlice);
        ASSERT_EQ(run({&x, &begin, &end, &strides}, {&y}, cut.options), kOk)
            << run.reason();
        ExpectMoved(x, y, cut.shape, cut.source);
      }
    }
  }
}

TEST(StridedSliceTest, TakesLongListsOfAnEmptyTensor) {
  TestTensor x = Numbered(ElementType::kFloat32, {2, {0, 3}}), y;
  constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max();
  TestTensor begin = Longs({1, {2}}, {-kFar - 1, 0});
  TestTensor end = Longs({1, {2}}, {kFar, kFar}),
             strides = Longs({1, {2}}, {1, kFar});
  ASSERT_EQ(KernelRunner(kStridedSlice)({&x, &begin, &end, &strides}, {&y}),
            kOk);
  EXPECT_EQ(y.tensor.shape, (Shape{2, {0, 1}}));
}

TEST(StridedSliceTest, RefusesWhatNamesNoSlice) {
  struct Case {
    std::vector<std::int32_t> begin, end, strides;
    Options options;
    StatusCode code = kInvalid;
  };
  const std::vector<Case> cases = {
      {{0, 0}, {1, 1}, {1, 0}, {}},
      {{0, 0}, {1, 1}, {1}, {}},
      {{0, 0, 0}, {1, 1, 1}, {1, 1, 1}, {}},
      {{0, 0, 0}, {1, 1, 1}, {1, 1, 1}, {.ellipsis_mask = 3}},
      {{3, 0}, {4, 1}, {1, 1}, {.shrink_axis_mask = 1}},
      {{-4, 0}, {4, 1}, {1, 1}, {.shrink_axis_mask = 1}},
      {{kHuge, 0}, {4, 1}, {1, 1}, {.shrink_axis_mask = 1}},
      {{0, 0}, {4, 1}, {-1, 1}, {.shrink_axis_mask = 1}},
      {{0, 0, 0, 0, 0},
       {1, 1, 1, 1, 1},
       {1, 1, 1, 1, 1},
       {.new_axis_mask = 31},
       StatusCode::kUnimplemented},
      {std::vector<std::int32_t>(13),
       std::vector<std::int32_t>(13),
       std::vector<std::int32_t>(13, 1),
       {.new_axis_mask = 8191}},
  };
  for (std::size_t n = 0; n < cases.size(); ++n) {
    for (const bool constant : {true, false}) {
      SCOPED_TRACE(n);
      TestTensor x = Numbered(ElementType::kFloat32, {2, {3, 4}}), y;
      TestTensor begin = List(cases[n].begin, constant);
      TestTensor end = List(cases[n].end, constant);
      TestTensor strides = List(cases[n].strides, constant);
      EXPECT_EQ(KernelRunner(kStridedSlice)({&x, &begin, &end, &strides}, {&y},
                                            cases[n].options),
                cases[n].code);
    }
  }
}

TEST(DynamicUpdateSliceTest, ReplacesTheClampedBoxInPlaceAndNot) {
  const std::vector<std::pair<std::vector<std::int32_t>, Index>> starts = {
      {{1, 2}, {1, 2}}, {{-5, kHuge}, {0, 3}}, {{9, -kHuge - 1}, {2, 0}}};
  for (const ElementType type : kWidths) {
    for (const auto& [given, start] : starts) {
      for (const bool in_place : {false, true}) {
        TestTensor x = Numbered(type, {2, {4, 5}}), y = Output(type);
        TestTensor update = Numbered(type, {2, {2, 2}}, 500);
        TestTensor list = List(given, false);
        Words want = WordsOf(x);
        for (std::int64_t i = 0; i < 4; ++i) {
          want[PositionOf(x.tensor.shape,
                          {start[0] + i / 2, start[1] + i % 2})] =
              WordsOf(update)[static_cast<std::size_t>(i)];
        }
        ASSERT_EQ(KernelRunner(kDynamicUpdateSlice)({&x, &update, &list}, {&y},
                                                    {}, in_place),
                  kOk);
        EXPECT_EQ(WordsOf(y), want);
        EXPECT_EQ(y.tensor.data == x.tensor.data, in_place);
      }
    }
  }
}

TEST(DynamicUpdateSliceTest, RefusesAnUpdateLargerThanX) {
  TestTensor x = Numbered(ElementType::kFloat32, {2, {4, 5}}), y;
  TestTensor wide = Numbered(ElementType::kFloat32, {2, {1, 6}});
  TestTensor flat = Numbered(ElementType::kFloat32, {1, {2}});
  TestTensor start = List({0, 0}), one = List({0});
  KernelRunner run(kDynamicUpdateSlice);
  EXPECT_EQ(run({&x, &wide, &start}, {&y}), kInvalid);
  EXPECT_EQ(run({&x, &flat, &start}, {&y}), kInvalid);
  EXPECT_EQ(run({&x, &x, &one}, {&y}), kInvalid);
  EXPECT_EQ(run({&x, &x, &start}, {&y}, {}, true), kOk);
}

}  // namespace
}  // namespace sotto::runtime
