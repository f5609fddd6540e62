// PAD, PADV2, MIRROR_PAD: frames.

#include "runtime/kernels/movement/movement_test_support.h"

namespace sotto::runtime {

extern const Kernel kMirrorPad, kPad, kPadV2;

namespace {

constexpr StatusCode kOk = StatusCode::kOk;
constexpr StatusCode kInvalid = StatusCode::kInvalidArgument;
constexpr std::int32_t kHuge = 2147483647;

TestTensor Frame(const std::vector<std::int32_t>& list, bool constant = true) {
  return TestTensor::Ints({2, {static_cast<std::int32_t>(list.size() / 2), 2}},
                          list, constant);
}

// Of x [2, 3, 4].
const std::vector<std::vector<std::int32_t>> kFrames = {{1, 0, 2, 1, 0, 3},
                                                        {0, 0, 1, 2, 0, 0},
                                                        {2, 1, 0, 0, 0, 0},
                                                        {0, 0, 0, 0, 0, 0},
                                                        {0, 0, 0, 0, 2, 1}};

Shape Framed(const Shape& x, const std::vector<std::int32_t>& frame) {
  Shape y = x;
  for (std::size_t i = 0; i < x.rank; ++i) {
    y.dims[i] += frame[2 * i] + frame[2 * i + 1];
  }
  return y;
}

Source Inside(const Shape& x, const std::vector<std::int32_t>& frame) {
  return [=](Index at) -> std::optional<Index> {
    for (std::size_t i = 0; i < x.rank; ++i) {
      at[i] -= frame[2 * i];
      if (at[i] < 0 || at[i] >= x[i]) return std::nullopt;
    }
    return at;
  };
}

TEST(PadTest, FramesEveryWidthWithZeros) {
  const Shape shape = {3, {2, 3, 4}};
  for (const ElementType type : kWidths) {
    for (const auto& list : kFrames) {
      for (const bool constant : {true, false}) {
        TestTensor x = Numbered(type, shape), y = Output(type);
        TestTensor frame = Frame(list, constant);
        ASSERT_EQ(KernelRunner(kPad)({&x, &frame}, {&y}), kOk);
        ExpectMoved(x, y, Framed(shape, list), Inside(shape, list));
      }
    }
  }
}

TEST(PadTest, FramesQuantisedTensorsWithTheZeroPoint) {
  const Shape shape = {3, {2, 3, 4}};
  for (const ElementType type : {ElementType::kInt8, ElementType::kUint8}) {
    TestTensor x = Numbered(type, shape), y = Output(type);
    TestTensor frame = Frame(kFrames[0]);
    x.Quantize({0.5f}, 7);
    y.Quantize({0.5f}, 7);
    ASSERT_EQ(KernelRunner(kPad)({&x, &frame}, {&y}), kOk);
    ExpectMoved(x, y, Framed(shape, kFrames[0]), Inside(shape, kFrames[0]), 7);
    y.Quantize({0.5f}, 1000);
    x.Quantize({0.5f}, 1000);
    EXPECT_EQ(KernelRunner(kPad)({&x, &frame}, {&y}), kInvalid);
  }
}

TEST(PadTest, FramesEmptyTensorsAndScalars) {
  TestTensor x = Numbered(ElementType::kFloat32, {2, {0, 2}}), y;
  TestTensor frame = Frame({1, 1, 0, 1});
  ASSERT_EQ(KernelRunner(kPad)({&x, &frame}, {&y}), kOk);
  ExpectMoved(x, y, {2, {2, 3}}, [](const Index&) { return std::nullopt; });
  TestTensor scalar = Numbered(ElementType::kFloat32, {}), none = Frame({});
  ASSERT_EQ(KernelRunner(kPad)({&scalar, &none}, {&y}), kOk);
  EXPECT_EQ(WordsOf(y), WordsOf(scalar));
}

TEST(PadTest, RefusesNegativeHugeAndMisshapenPaddings) {
  TestTensor x = Numbered(ElementType::kFloat32, {2, {2, 3}}), y;
  const std::vector<std::vector<std::int32_t>> cases = {
      {0, 0, -1, 0},
      {0, 2000000000, 0, 0},
      {kHuge, kHuge, kHuge, kHuge},
      {0, 0},
      {0, 0, 0, 0, 0, 0},
      {60000, 0, 60000, 0},
      {-kHuge - 1, 0, 0, 0}};
  for (const Kernel* kernel : {&kPad, &kMirrorPad}) {
    for (const auto& list : cases) {
      for (const bool constant : {true, false}) {
        TestTensor frame = Frame(list, constant);
        EXPECT_EQ(KernelRunner(*kernel)({&x, &frame}, {&y}), kInvalid);
      }
    }
    TestTensor flat = List({0, 0, 0, 0});
    EXPECT_EQ(KernelRunner(*kernel)({&x, &flat}, {&y}), kInvalid);
    TestTensor floats = Numbered(ElementType::kFloat32, {2, {2, 2}});
    EXPECT_EQ(KernelRunner(*kernel)({&x, &floats}, {&y}), kInvalid);
  }
}

TEST(PadV2Test, FramesWithTheGivenValue) {
  const Shape shape = {3, {2, 3, 4}};
  for (const ElementType type : kWidths) {
    TestTensor x = Numbered(type, shape), y = Output(type);
    TestTensor value = Numbered(type, {1, {1}}, 77), frame = Frame(kFrames[0]);
    ASSERT_EQ(KernelRunner(kPadV2)({&x, &frame, &value}, {&y}), kOk);
    ExpectMoved(x, y, Framed(shape, kFrames[0]), Inside(shape, kFrames[0]),
                WordsOf(value)[0]);
  }
}

TEST(PadV2Test, RefusesAValueUnlikeTheElements) {
  TestTensor x = Numbered(ElementType::kInt8, {1, {3}});
  TestTensor y = Output(ElementType::kInt8), frame = Frame({1, 1});
  TestTensor two = Numbered(ElementType::kInt8, {1, {2}});
  TestTensor number = Numbered(ElementType::kFloat32, {});
  TestTensor value = Numbered(ElementType::kInt8, {});
  KernelRunner run(kPadV2);
  EXPECT_EQ(run({&x, &frame, &two}, {&y}), kInvalid);
  EXPECT_EQ(run({&x, &frame, &number}, {&y}), kInvalid);
  EXPECT_EQ(run({&x, &frame, nullptr}, {&y}), kInvalid);
  x.Quantize({0.5f}, 1);
  y.Quantize({0.5f}, 1);
  value.Quantize({0.5f}, 2);
  EXPECT_EQ(run({&x, &frame, &value}, {&y}), kInvalid);
  value.Quantize({0.5f}, 1);
  EXPECT_EQ(run({&x, &frame, &value}, {&y}), kOk);
}

TEST(MirrorPadTest, ReflectsWithAndWithoutTheBorder) {
  const Shape shape = {3, {2, 3, 4}};
  const std::vector<std::vector<std::int32_t>> frames = {{1, 1, 2, 1, 3, 0},
                                                         {0, 1, 0, 0, 3, 3},
                                                         {0, 0, 2, 2, 0, 0},
                                                         {2, 2, 3, 3, 4, 4}};
  for (const ElementType type : kWidths) {
    for (const bool symmetric : {false, true}) {
      for (const auto& list : frames) {
        for (const bool constant : {true, false}) {
          TestTensor x = Numbered(type, shape), y = Output(type);
          TestTensor frame = Frame(list, constant);
          const StatusCode code = KernelRunner(kMirrorPad)(
              {&x, &frame}, {&y}, {.symmetric = symmetric});
          if (!symmetric && list[0] == 2) {
            EXPECT_EQ(code, kInvalid);
            continue;
          }
          ASSERT_EQ(code, kOk);
          ExpectMoved(x, y, Framed(shape, list), [&](Index at) {
            const std::int64_t edge = symmetric ? 1 : 0;
            for (std::size_t i = 0; i < 3; ++i) {
              at[i] -= list[2 * i];
              if (at[i] < 0) at[i] = -at[i] - edge;
              if (at[i] >= shape[i]) at[i] = 2 * shape[i] - 2 - at[i] + edge;
            }
            return std::optional(at);
          });
        }
      }
    }
  }
}

TEST(MirrorPadTest, HasNothingToReflectInAnEmptyTensor) {
  TestTensor x = Numbered(ElementType::kFloat32, {2, {0, 3}}), y;
  TestTensor rows = Frame({1, 0, 0, 0}), columns = Frame({0, 0, 1, 1});
  EXPECT_EQ(KernelRunner(kMirrorPad)({&x, &rows}, {&y}, {.symmetric = true}),
            kInvalid);
  ASSERT_EQ(KernelRunner(kMirrorPad)({&x, &columns}, {&y}), kOk);
  EXPECT_EQ(y.tensor.shape, (Shape{2, {0, 5}}));
}

}  // namespace
}  // namespace sotto::runtime
