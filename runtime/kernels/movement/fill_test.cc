// FILL and RANGE: tensors made of a few numbers.

#include <cmath>
#include <limits>

#include "runtime/kernels/movement/movement_test_support.h"

namespace sotto::runtime {

extern const Kernel kFill, kRange;

namespace {

constexpr StatusCode kOk = StatusCode::kOk;
constexpr StatusCode kInvalid = StatusCode::kInvalidArgument;
constexpr std::int32_t kHuge = 2147483647;

TEST(FillTest, RepeatsTheValueInEveryWidthAndSize) {
  for (const ElementType type : kWidths) {
    for (const auto& dims : std::vector<std::vector<std::int32_t>>{
             {}, {1}, {2, 3}, {7, 1, 5}, {0, 4}, {1, 2, 1, 2, 1, 2}}) {
      for (const bool constant : {true, false}) {
        TestTensor list = List(dims, constant), y = Output(type);
        TestTensor value = Numbered(type, {}, 42);
        ASSERT_EQ(KernelRunner(kFill)({&list, &value}, {&y}), kOk);
        Shape want;
        for (const std::int32_t size : dims) want.dims[want.rank++] = size;
        ExpectMoved(value, y, want,
                    [](const Index&) { return std::optional(Index{}); });
      }
    }
  }
}

TEST(FillTest, RefusesDimensionsOutOfRangeAndValuesThatAreNotOne) {
  TestTensor value = Numbered(ElementType::kInt8, {}),
             y = Output(ElementType::kInt8);
  for (const auto& dims : std::vector<std::vector<std::int32_t>>{
           {-1}, {kHuge, 2}, {60000, 60000}, {kHuge, kHuge, kHuge, kHuge}}) {
    for (const bool constant : {true, false}) {
      TestTensor list = List(dims, constant);
      EXPECT_EQ(KernelRunner(kFill)({&list, &value}, {&y}), kInvalid);
    }
  }
  TestTensor two = Numbered(ElementType::kInt8, {1, {2}}), one = List({1});
  EXPECT_EQ(KernelRunner(kFill)({&one, &two}, {&y}), kInvalid);
  TestTensor seven = List({1, 1, 1, 1, 1, 1, 1});
  EXPECT_EQ(KernelRunner(kFill)({&seven, &value}, {&y}),
            StatusCode::kUnimplemented);
}

template <typename T>
StatusCode Range(ElementType type, T start, T limit, T delta, bool constant,
                 std::vector<T>* out) {
  TestTensor a = TestTensor::Of<T>(type, {}, {start}, constant);
  TestTensor b = TestTensor::Of<T>(type, {}, {limit}, constant);
  TestTensor c = TestTensor::Of<T>(type, {}, {delta}, constant);
  TestTensor y = Output(type);
  const StatusCode code = KernelRunner(kRange)({&a, &b, &c}, {&y});
  if (code == kOk) *out = y.values<T>();
  return code;
}

template <typename T>
void ExpectRange(ElementType type, T start, T limit, T delta,
                 const std::vector<T>& want) {
  for (const bool constant : {true, false}) {
    std::vector<T> got;
    ASSERT_EQ(Range<T>(type, start, limit, delta, constant, &got), kOk);
    EXPECT_EQ(got, want);
  }
}

TEST(RangeTest, CountsUpAndDownWithoutTheLimit) {
  ExpectRange<std::int32_t>(ElementType::kInt32, 0, 5, 2, {0, 2, 4});
  ExpectRange<std::int32_t>(ElementType::kInt32, 0, 6, 2, {0, 2, 4});
  ExpectRange<std::int32_t>(ElementType::kInt32, 3, -4, -3, {3, 0, -3});
  ExpectRange<std::int32_t>(ElementType::kInt32, 3, 3, 1, {});
  ExpectRange<std::int32_t>(ElementType::kInt32, -kHuge - 1, kHuge, kHuge,
                            {-kHuge - 1, -1, kHuge - 1});
  constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max();
  ExpectRange<std::int64_t>(ElementType::kInt64, kFar, -kFar - 1, -kFar - 1,
                            {kFar, -1});
  ExpectRange<float>(ElementType::kFloat32, 1, 2, 0.25f,
                     {1, 1.25f, 1.5f, 1.75f});
  ExpectRange<float>(ElementType::kFloat32, 1, -1, -0.75f, {1, 0.25f, -0.5f});
}

TEST(RangeTest, StaysCloseToTheExactValuesFarFromItsStart) {
  std::vector<float> got;
  ASSERT_EQ(Range<float>(ElementType::kFloat32, 0, 1e5f, 0.1f, true, &got),
            kOk);
  ASSERT_EQ(got.size(), 1000000u);
  const double want = 999999 * double{0.1f};
  EXPECT_NEAR(got.back() / want, 1.0, 1e-7);
}

TEST(RangeTest, RefusesRangesThatDoNotEndOrAreTooLong) {
  constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max();
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const bool constant : {true, false}) {
    std::vector<std::int32_t> ints;
    for (const auto& [a, b, c] : std::vector<std::array<std::int32_t, 3>>{
             {0, 5, 0}, {0, 5, -1}, {5, 0, 1}, {-kHuge - 1, kHuge, 1}}) {
      EXPECT_EQ(Range(ElementType::kInt32, a, b, c, constant, &ints), kInvalid);
    }
    std::vector<std::int64_t> longs;
    EXPECT_EQ(Range(ElementType::kInt64, -kFar - 1, kFar, std::int64_t{1},
                    constant, &longs),
              kInvalid);
    std::vector<float> floats;
    for (const auto& [a, b, c] :
         std::vector<std::array<float, 3>>{{0, 5, 0},
                                           {0, 5, -1},
                                           {0, 0, 0},
                                           {0, kNan, 1},
                                           {0, kInfinity, 1},
                                           {kNan, 0, 1},
                                           {0, 1, kNan},
                                           {0, 1e9f, 0.1f}}) {
      EXPECT_EQ(Range(ElementType::kFloat32, a, b, c, constant, &floats),
                kInvalid);
    }
  }
}

}  // namespace
}  // namespace sotto::runtime
