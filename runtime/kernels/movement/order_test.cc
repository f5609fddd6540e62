// TRANSPOSE, REVERSE_V2, TILE, BROADCAST_TO and the block copy under them.

#include <algorithm>
#include <numeric>

#include "runtime/kernels/movement/movement_test_support.h"

namespace sotto::runtime {

extern const Kernel kBroadcastTo, kReverseV2, kTile, kTranspose;

namespace {

constexpr StatusCode kOk = StatusCode::kOk;
constexpr StatusCode kInvalid = StatusCode::kInvalidArgument;
constexpr std::int32_t kHuge = 2147483647;

void ExpectTransposed(ElementType type, const Shape& shape,
                      const std::vector<std::int32_t>& perm, bool constant) {
  TestTensor x = Numbered(type, shape), y = Output(type);
  TestTensor list = List(perm, constant);
  ASSERT_EQ(KernelRunner(kTranspose)({&x, &list}, {&y}), kOk);
  Shape want = shape;
  for (std::size_t i = 0; i < perm.size(); ++i) {
    want.dims[i] = shape[static_cast<std::size_t>(perm[i])];
  }
  ExpectMoved(x, y, want, [&](const Index& at) {
    Index from(at.size());
    for (std::size_t i = 0; i < at.size(); ++i) {
      from[static_cast<std::size_t>(perm[i])] = at[i];
    }
    return std::optional(from);
  });
}

TEST(TransposeTest, TakesEveryOrderOfFourDimensions) {
  for (const ElementType type : {ElementType::kInt8, ElementType::kFloat32}) {
    for (const Shape& shape :
         {Shape{4, {2, 3, 4, 5}}, Shape{4, {1, 3, 1, 5}},
          Shape{4, {3, 17, 1, 18}}, Shape{4, {2, 0, 4, 5}}}) {
      std::vector<std::int32_t> perm = {0, 1, 2, 3};
      do {
        ExpectTransposed(type, shape, perm, true);
      } while (std::next_permutation(perm.begin(), perm.end()));
    }
  }
}

TEST(TransposeTest, TakesEveryWidthBelowAtAndAboveItsTile) {
  for (const ElementType type : kWidths) {
    for (const std::int32_t rows : {1, 2, 15, 16, 17, 33}) {
      for (const std::int32_t columns : {1, 3, 16, 31, 32}) {
        ExpectTransposed(type, {2, {rows, columns}}, {1, 0}, false);
        ExpectTransposed(type, {3, {rows, columns, 2}}, {1, 0, 2}, true);
      }
    }
    ExpectTransposed(type, {6, {2, 3, 2, 3, 2, 3}}, {5, 3, 1, 4, 2, 0}, false);
    ExpectTransposed(type, {}, {}, true);
  }
}

TEST(TransposeTest, RefusesWhatIsNoPermutation) {
  TestTensor x = Numbered(ElementType::kFloat32, {3, {2, 3, 4}}), y;
  const std::vector<std::vector<std::int32_t>> cases = {
      {0, 1, 1}, {0, 1}, {0, 1, 3}, {0, 2, -1}, {0, 1, 2, 2}, {kHuge, 0, 1}};
  for (const auto& perm : cases) {
    for (const bool constant : {true, false}) {
      TestTensor list = List(perm, constant);
      EXPECT_EQ(KernelRunner(kTranspose)({&x, &list}, {&y}), kInvalid);
    }
  }
}

TEST(ReverseTest, WalksEachSetOfAxesBackwards) {
  const Shape shape = {3, {2, 3, 4}};
  for (const ElementType type : kWidths) {
    for (int mask = 0; mask < 8; ++mask) {
      std::vector<std::int32_t> axes;
      for (int i = 0; i < 3; ++i) {
        if ((mask >> i & 1) != 0) axes.push_back(i == 1 ? i - 3 : i);
      }
      for (const bool constant : {true, false}) {
        TestTensor x = Numbered(type, shape), y = Output(type);
        TestTensor list = List(axes, constant);
        ASSERT_EQ(KernelRunner(kReverseV2)({&x, &list}, {&y}), kOk);
        ExpectMoved(x, y, shape, [&](Index at) {
          for (std::size_t i = 0; i < 3; ++i) {
            if ((mask >> i & 1) != 0) at[i] = shape[i] - 1 - at[i];
          }
          return std::optional(at);
        });
      }
    }
  }
}

TEST(ReverseTest, RefusesAxesTwiceOrOutsideTheRank) {
  TestTensor x = Numbered(ElementType::kFloat32, {2, {2, 3}}), y;
  for (const auto& axes : std::vector<std::vector<std::int32_t>>{
           {2}, {-3}, {0, 0}, {1, -1}, {0, 1, 0}, {kHuge}}) {
    for (const bool constant : {true, false}) {
      TestTensor list = List(axes, constant);
      EXPECT_EQ(KernelRunner(kReverseV2)({&x, &list}, {&y}), kInvalid);
    }
  }
}

TEST(TileTest, RepeatsEachDimension) {
  const Shape shape = {3, {2, 3, 4}};
  const std::vector<std::vector<std::int32_t>> cases = {
      {1, 1, 1}, {2, 1, 3}, {1, 3, 1}, {3, 2, 2}, {1, 1, 2}, {2, 0, 1}};
  for (const ElementType type : kWidths) {
    for (const auto& multiples : cases) {
      for (const bool constant : {true, false}) {
        TestTensor x = Numbered(type, shape), y = Output(type);
        TestTensor list = List(multiples, constant);
        ASSERT_EQ(KernelRunner(kTile)({&x, &list}, {&y}), kOk);
        Shape want = shape;
        for (std::size_t i = 0; i < 3; ++i) want.dims[i] *= multiples[i];
        ExpectMoved(x, y, want, [&](Index at) {
          for (std::size_t i = 0; i < 3; ++i) at[i] %= shape[i];
          return std::optional(at);
        });
      }
    }
  }
}

TEST(TileTest, RefusesMultiplesThatAreNegativeHugeOrTooFew) {
  TestTensor x = Numbered(ElementType::kInt8, {2, {2, 3}});
  TestTensor y = Output(ElementType::kInt8);
  for (const auto& multiples : std::vector<std::vector<std::int32_t>>{
           {-1, 1}, {kHuge, 1}, {50000, 50000}, {1}, {1, 1, 1}}) {
    for (const bool constant : {true, false}) {
      TestTensor list = List(multiples, constant);
      EXPECT_EQ(KernelRunner(kTile)({&x, &list}, {&y}), kInvalid);
    }
  }
}

TEST(BroadcastToTest, RepeatsOnesAndMissingDimensions) {
  struct Case {
    Shape x;
    std::vector<std::int32_t> y;
  };
  const std::vector<Case> cases = {
      {{3, {2, 1, 4}}, {2, 3, 4}},
      {{1, {4}}, {2, 3, 4}},
      {{}, {2, 3}},
      {{2, {3, 1}}, {2, 3, 5}},
      {{3, {1, 3, 1}}, {4, 3, 2}},
      {{1, {1}}, {0, 3}},
      {{6, {1, 2, 1, 2, 1, 2}}, {2, 2, 2, 2, 2, 2}},
      {{}, {}}};
  for (const ElementType type : kWidths) {
    for (const Case& c : cases) {
      for (const bool constant : {true, false}) {
        TestTensor x = Numbered(type, c.x), y = Output(type);
        TestTensor list = List(c.y, constant);
        ASSERT_EQ(KernelRunner(kBroadcastTo)({&x, &list}, {&y}), kOk);
        Shape want;
        for (const std::int32_t size : c.y) want.dims[want.rank++] = size;
        ExpectMoved(x, y, want, [&](const Index& at) {
          Index from(c.x.rank);
          for (std::size_t i = 0; i < c.x.rank; ++i) {
            from[i] = c.x[i] == 1 ? 0 : at[at.size() - c.x.rank + i];
          }
          return std::optional(from);
        });
      }
    }
  }
}

TEST(BroadcastToTest, RefusesShapesThatDoNotFit) {
  TestTensor x = Numbered(ElementType::kInt8, {2, {2, 3}});
  TestTensor y = Output(ElementType::kInt8);
  for (const auto& shape : std::vector<std::vector<std::int32_t>>{
           {3}, {2, 4}, {-1, 2, 3}, {kHuge, 2, 3}, {2, 0}}) {
    for (const bool constant : {true, false}) {
      TestTensor list = List(shape, constant);
      EXPECT_EQ(KernelRunner(kBroadcastTo)({&x, &list}, {&y}), kInvalid);
    }
  }
  TestTensor seven = List({1, 1, 1, 1, 1, 2, 3});
  EXPECT_EQ(KernelRunner(kBroadcastTo)({&x, &seven}, {&y}),
            StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace sotto::runtime
