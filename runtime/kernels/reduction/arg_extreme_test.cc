#include <limits>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/kernel_runner.h"

namespace sotto::runtime {

extern const Kernel kArgMaxReference, kArgMinReference;

namespace {

TestTensor Result(ElementType type) {
  TestTensor y;
  y.tensor.type = type;
  return y;
}

TEST(ArgExtremeTest, TheFirstOfEqualElementsIsFound) {
  TestTensor x = TestTensor::Floats({2, {2, 4}}, {1, 5, 5, 0, -2, -2, -9, -9});
  for (const bool constant : {false, true}) {
    TestTensor axis = TestTensor::Ints({}, {-1}, constant);
    TestTensor y = Result(ElementType::kInt32);
    KernelRunner max(kArgMaxReference), min(kArgMinReference);
    ASSERT_EQ(max({&x, &axis}, {&y}), StatusCode::kOk) << max.reason();
    EXPECT_EQ(y.tensor.shape, (Shape{1, {2}}));
    EXPECT_EQ(y.values<std::int32_t>(), (std::vector<std::int32_t>{1, 0}));
    ASSERT_EQ(min({&x, &axis}, {&y}), StatusCode::kOk);
    EXPECT_EQ(y.values<std::int32_t>(), (std::vector<std::int32_t>{3, 2}));
  }
}

TEST(ArgExtremeTest, AnInnerAxisIsFollowedWithItsStride) {
  TestTensor x = TestTensor::Of<std::int8_t>(ElementType::kInt8, {3, {1, 3, 2}},
                                             {1, -128, 7, 127, 3, 127});
  TestTensor axis =
      TestTensor::Of<std::int64_t>(ElementType::kInt64, {1, {1}}, {1}, true);
  TestTensor y = Result(ElementType::kInt64);
  KernelRunner max(kArgMaxReference), min(kArgMinReference);
  ASSERT_EQ(max({&x, &axis}, {&y}), StatusCode::kOk) << max.reason();
  EXPECT_EQ(y.tensor.shape, (Shape{2, {1, 2}}));
  EXPECT_EQ(y.values<std::int64_t>(), (std::vector<std::int64_t>{1, 1}));
  ASSERT_EQ(min({&x, &axis}, {&y}), StatusCode::kOk);
  EXPECT_EQ(y.values<std::int64_t>(), (std::vector<std::int64_t>{0, 0}));
}

TEST(ArgExtremeTest, EachTypeIsComparedAsItself) {
  TestTensor axis = TestTensor::Ints({}, {0});
  TestTensor y = Result(ElementType::kInt32);
  KernelRunner max(kArgMaxReference);
  TestTensor bytes =
      TestTensor::Of<std::uint8_t>(ElementType::kUint8, {1, {2}}, {127, 128});
  ASSERT_EQ(max({&bytes, &axis}, {&y}), StatusCode::kOk);
  EXPECT_EQ(y.values<std::int32_t>()[0], 1);
  TestTensor ints = TestTensor::Ints({1, {2}}, {16777217, 16777218}, false);
  ASSERT_EQ(max({&ints, &axis}, {&y}), StatusCode::kOk);
  EXPECT_EQ(y.values<std::int32_t>()[0], 1);  // equal as floats
  TestTensor flags =
      TestTensor::Of<std::uint8_t>(ElementType::kBool, {1, {3}}, {0, 1, 1});
  ASSERT_EQ(max({&flags, &axis}, {&y}), StatusCode::kOk);
  EXPECT_EQ(y.values<std::int32_t>()[0], 1);
}

TEST(ArgExtremeTest, NothingToChooseFromAndBadAxesAreRefused) {
  KernelRunner max(kArgMaxReference);
  TestTensor y = Result(ElementType::kInt32);
  TestTensor empty = TestTensor::Floats({2, {2, 0}}, {});
  TestTensor x = TestTensor::Floats({1, {1}}, {1});
  for (const bool constant : {false, true}) {
    TestTensor one = TestTensor::Ints({}, {1}, constant);
    EXPECT_EQ(max({&empty, &one}, {&y}), StatusCode::kInvalidArgument);
    EXPECT_EQ(max({&x, &one}, {&y}), StatusCode::kInvalidArgument);
  }
  TestTensor zero = TestTensor::Ints({}, {0});
  TestTensor wrong;
  EXPECT_EQ(max({&x, &zero}, {&wrong}), StatusCode::kInvalidArgument);
  EXPECT_EQ(max({&x, nullptr}, {&y}), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sotto::runtime
