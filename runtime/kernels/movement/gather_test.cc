// GATHER, GATHER_ND, SCATTER_ND, ONE_HOT: what indices name, and what happens
// to indices that name nothing.

#include <limits>

#include "runtime/kernels/movement/movement_test_support.h"

namespace sotto::runtime {

extern const Kernel kGather, kGatherNd, kOneHot, kScatterNd;

namespace {

constexpr StatusCode kOk = StatusCode::kOk;
constexpr StatusCode kInvalid = StatusCode::kInvalidArgument;
constexpr std::int32_t kHuge = 2147483647;

TEST(GatherTest, PicksSlicesAlongEachAxis) {
  const Shape shape = {3, {3, 4, 5}};
  const std::vector<std::int32_t> picks = {2, 0, 0, 1, 2, 1};
  for (const ElementType type : kWidths) {
    for (std::int32_t axis = -3; axis < 3; ++axis) {
      const auto a = static_cast<std::size_t>((axis + 3) % 3);
      TestTensor x = Numbered(type, shape), y = Output(type);
      TestTensor indices = TestTensor::Ints({2, {3, 2}}, picks, false);
      ASSERT_EQ(KernelRunner(kGather)({&x, &indices}, {&y}, {.axis = axis}),
                kOk);
      Shape want;
      for (std::size_t i = 0; i < 3; ++i) {
        if (i == a) {
          want.dims[want.rank++] = 3;
          want.dims[want.rank++] = 2;
        } else {
          want.dims[want.rank++] = shape[i];
        }
      }
      ExpectMoved(x, y, want, [&](Index at) {
        at[a] = picks[static_cast<std::size_t>(at[a] * 2 + at[a + 1])];
        at.erase(at.begin() + static_cast<std::ptrdiff_t>(a) + 1);
        return std::optional(at);
      });
    }
  }
}

TEST(GatherTest, PicksInEachBatchByItsOwnIndices) {
  const Shape shape = {4, {2, 3, 4, 2}};
  const std::vector<std::int64_t> picks = {3, 0, 1, 2, 2, 0, 1, 3, 0, 0, 3, 2};
  // indices [2, 3, 2]
  for (std::int32_t batch_dims = -2; batch_dims <= 2; ++batch_dims) {
    const int resolved = batch_dims < 0 ? batch_dims + 3 : batch_dims;
    if (resolved == 0) continue;
    TestTensor x = Numbered(ElementType::kInt16, shape);
    TestTensor y = Output(ElementType::kInt16);
    TestTensor indices = Longs({3, {2, 3, 2}}, picks, false);
    ASSERT_EQ(KernelRunner(kGather)({&x, &indices}, {&y},
                                    {.axis = 2, .batch_dims = batch_dims}),
              kOk);
    const Shape one = {5, {2, 3, 3, 2, 2}}, two = {4, {2, 3, 2, 2}};
    ExpectMoved(x, y, resolved == 1 ? one : two, [&](const Index& at) {
      if (resolved == 1) {  // [b, outer, k0, k1, inner]
        const auto p = static_cast<std::size_t>(at[0] * 6 + at[2] * 2 + at[3]);
        return std::optional(Index{at[0], at[1], picks[p], at[4]});
      }
      const auto p = static_cast<std::size_t>(at[0] * 6 + at[1] * 2 + at[2]);
      return std::optional(Index{at[0], at[1], picks[p], at[3]});
    });
  }
}

TEST(GatherTest, RefusesIndicesOutsideTheAxis) {
  TestTensor x = Numbered(ElementType::kFloat32, {2, {3, 4}}), y;
  for (const std::int32_t bad : {-1, 3, kHuge, -kHuge - 1}) {
    TestTensor indices = List({0, bad}, false);
    EXPECT_EQ(KernelRunner(kGather)({&x, &indices}, {&y}), kInvalid);
  }
  TestTensor far = Longs({1, {1}}, {std::int64_t{1} << 32}, false);
  EXPECT_EQ(KernelRunner(kGather)({&x, &far}, {&y}), kInvalid);
  TestTensor empty = Numbered(ElementType::kFloat32, {2, {0, 4}});
  TestTensor zero = List({0}, false), none = List({}, false);
  EXPECT_EQ(KernelRunner(kGather)({&empty, &zero}, {&y}), kInvalid);
  EXPECT_EQ(KernelRunner(kGather)({&empty, &none}, {&y}), kOk);
}

TEST(GatherTest, RefusesAxesAndBatchesThatDoNotFit) {
  TestTensor x = Numbered(ElementType::kFloat32, {2, {3, 4}}), y;
  TestTensor indices = TestTensor::Ints({2, {2, 2}}, {0, 1, 1, 0});
  KernelRunner run(kGather);
  EXPECT_EQ(run({&x, &indices}, {&y}, {.axis = 2}), kInvalid);
  EXPECT_EQ(run({&x, &indices}, {&y}, {.axis = -3}), kInvalid);
  // 3 batches of x, 2 of indices.
  EXPECT_EQ(run({&x, &indices}, {&y}, {.axis = 1, .batch_dims = 1}), kInvalid);
  EXPECT_EQ(run({&x, &indices}, {&y}, {.axis = 0, .batch_dims = 1}), kInvalid);
  EXPECT_EQ(run({&x, &indices}, {&y}, {.axis = 1, .batch_dims = kHuge}),
            kInvalid);
  EXPECT_EQ(run({&x, &indices}, {&y}, {.axis = 1, .batch_dims = -3}), kInvalid);
  TestTensor floats = Numbered(ElementType::kFloat32, {1, {2}});
  EXPECT_EQ(run({&x, &floats}, {&y}), StatusCode::kUnimplemented);
  TestTensor six = TestTensor::Ints({6, {1, 1, 1, 1, 1, 1}}, {0});
  EXPECT_EQ(run({&x, &six}, {&y}), StatusCode::kUnimplemented);
}

TEST(GatherNdTest, PicksTheSlicesThatTuplesName) {
  const Shape shape = {3, {3, 4, 5}};
  const std::vector<std::int32_t> flat = {2, 3, 4, 0, 0, 0, 1, 2, 3, 2, 0, 1};
  for (const ElementType type : kWidths) {
    for (const std::int32_t depth : {1, 2, 3}) {
      TestTensor x = Numbered(type, shape), y = Output(type);
      std::vector<std::int32_t> list;
      for (int i = 0; i < 4; ++i) {
        list.insert(list.end(), flat.begin() + 3 * i,
                    flat.begin() + 3 * i + depth);
      }
      TestTensor indices = TestTensor::Ints({3, {2, 2, depth}}, list, false);
      ASSERT_EQ(KernelRunner(kGatherNd)({&x, &indices}, {&y}), kOk);
      Shape want = {2, {2, 2}};
      for (std::size_t i = static_cast<std::size_t>(depth); i < 3; ++i) {
        want.dims[want.rank++] = shape[i];
      }
      ExpectMoved(x, y, want, [&](const Index& at) {
        Index from;
        for (std::int64_t k = 0; k < depth; ++k) {
          from.push_back(
              flat[static_cast<std::size_t>((at[0] * 2 + at[1]) * 3 + k)]);
        }
        from.insert(from.end(), at.begin() + 2, at.end());
        return std::optional(from);
      });
    }
  }
}

TEST(GatherNdTest, RefusesTuplesThatNameNothing) {
  TestTensor x = Numbered(ElementType::kFloat32, {2, {3, 4}}), y;
  for (const auto& tuple : std::vector<std::vector<std::int32_t>>{
           {3, 0}, {0, 4}, {-1, 0}, {kHuge, kHuge}}) {
    TestTensor indices = TestTensor::Ints({2, {1, 2}}, tuple, false);
    EXPECT_EQ(KernelRunner(kGatherNd)({&x, &indices}, {&y}), kInvalid);
  }
  TestTensor deep = TestTensor::Ints({2, {1, 3}}, {0, 0, 0});
  EXPECT_EQ(KernelRunner(kGatherNd)({&x, &deep}, {&y}), kInvalid);
  TestTensor scalar = Scalar(0);
  EXPECT_EQ(KernelRunner(kGatherNd)({&x, &scalar}, {&y}), kInvalid);
}

template <typename T>
void ExpectScattered(ElementType type, const std::vector<T>& updates,
                     const std::vector<T>& want) {
  for (const bool constant : {true, false}) {
    TestTensor indices = TestTensor::Ints({2, {3, 1}}, {2, 0, 2}, false);
    TestTensor values = TestTensor::Of(type, {2, {3, 2}}, updates);
    TestTensor shape = List({4, 2}, constant), y = Output(type);
    ASSERT_EQ(KernelRunner(kScatterNd)({&indices, &values, &shape}, {&y}), kOk);
    EXPECT_EQ(y.tensor.shape, (Shape{2, {4, 2}}));
    EXPECT_EQ(y.values<T>(), want);
  }
}

TEST(ScatterNdTest, SumsUpdatesIntoZeros) {
  ExpectScattered<float>(ElementType::kFloat32, {1, 2, 3, 4, 0.5f, 6},
                         {3, 4, 0, 0, 1.5f, 8, 0, 0});
  ExpectScattered<std::int8_t>(ElementType::kInt8, {1, 2, -3, 4, 5, 6},
                               {-3, 4, 0, 0, 6, 8, 0, 0});
  ExpectScattered<std::int32_t>(ElementType::kInt32, {kHuge, 2, 3, 4, 1, -6},
                                {3, 4, 0, 0, -kHuge - 1, -4, 0, 0});
  ExpectScattered<std::int64_t>(ElementType::kInt64, {1, 2, 3, 4, 5, 6},
                                {3, 4, 0, 0, 6, 8, 0, 0});
  ExpectScattered<std::uint8_t>(ElementType::kBool, {1, 0, 0, 1, 1, 0},
                                {0, 1, 0, 0, 1, 0, 0, 0});
}

TEST(ScatterNdTest, RefusesIndicesAndShapesThatDoNotFit) {
  TestTensor updates = Numbered(ElementType::kFloat32, {1, {1}}), y;
  for (const auto& tuple : std::vector<std::vector<std::int32_t>>{
           {3, 0}, {0, 4}, {-1, 0}, {kHuge, kHuge}}) {
    TestTensor indices = TestTensor::Ints({2, {1, 2}}, tuple, false);
    TestTensor shape = List({3, 4});
    EXPECT_EQ(KernelRunner(kScatterNd)({&indices, &updates, &shape}, {&y}),
              kInvalid);
  }
  TestTensor indices = TestTensor::Ints({2, {1, 2}}, {0, 0});
  for (const auto& list : std::vector<std::vector<std::int32_t>>{
           {3, 4, 5}, {3}, {-1, 4}, {kHuge, kHuge}}) {
    for (const bool constant : {true, false}) {
      TestTensor shape = List(list, constant);
      EXPECT_EQ(KernelRunner(kScatterNd)({&indices, &updates, &shape}, {&y}),
                kInvalid);
    }
  }
  TestTensor half = Numbered(ElementType::kFloat16, {1, {1}});
  TestTensor halves = Output(ElementType::kFloat16), shape = List({3, 4});
  EXPECT_EQ(KernelRunner(kScatterNd)({&indices, &half, &shape}, {&halves}),
            StatusCode::kUnimplemented);
}

TEST(OneHotTest, MarksThePlaceOfEachIndexAlongEachAxis) {
  const std::vector<std::int32_t> list = {0, 2, 3, -1, 1, kHuge};
  const Shape shape = {2, {2, 3}};
  for (const ElementType type : kWidths) {
    for (std::int32_t axis = -1; axis < 3; ++axis) {
      for (const bool constant : {true, false}) {
        const auto a = static_cast<std::size_t>(axis < 0 ? 2 : axis);
        TestTensor indices = TestTensor::Ints(shape, list, false);
        TestTensor depth = Scalar(3, constant), y = Output(type);
        TestTensor on = Numbered(type, {}, 9), off = Numbered(type, {}, 20);
        ASSERT_EQ(KernelRunner(kOneHot)({&indices, &depth, &on, &off}, {&y},
                                        {.axis = axis}),
                  kOk);
        Shape want;
        for (std::size_t i = 0, k = 0; i < 3; ++i) {
          want.dims[want.rank++] = i == a ? 3 : shape[k++];
        }
        ExpectMoved(
            on, y, want,
            [&](Index at) -> std::optional<Index> {
              const std::int64_t place = at[a];
              at.erase(at.begin() + static_cast<std::ptrdiff_t>(a));
              if (list[PositionOf(shape, at)] != place) return std::nullopt;
              return Index{};
            },
            WordsOf(off)[0]);
      }
    }
  }
}

TEST(OneHotTest, RefusesDepthsAndAxesOutOfRange) {
  TestTensor indices = List({0, 1}, false), y;
  TestTensor on = Numbered(ElementType::kFloat32, {});
  TestTensor two = Numbered(ElementType::kFloat32, {1, {2}});
  KernelRunner run(kOneHot);
  for (const std::int32_t bad : {-1, kHuge, -kHuge - 1}) {
    for (const bool constant : {true, false}) {
      TestTensor depth = Scalar(bad, constant);
      EXPECT_EQ(run({&indices, &depth, &on, &on}, {&y}, {.axis = -1}),
                kInvalid);
    }
  }
  TestTensor depth = Scalar(0);
  EXPECT_EQ(run({&indices, &depth, &on, &on}, {&y}, {.axis = 2}), kInvalid);
  EXPECT_EQ(run({&indices, &depth, &on, &two}, {&y}), kInvalid);
  ASSERT_EQ(run({&indices, &depth, &on, &on}, {&y}, {.axis = -1}), kOk);
  EXPECT_EQ(y.tensor.shape, (Shape{2, {2, 0}}));
}

}  // namespace
}  // namespace sotto::runtime
