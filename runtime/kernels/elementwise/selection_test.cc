// Select, SelectV2 and AddN: operators of three and more operands.

#include <vector>

#include "gtest/gtest.h"
#include "runtime/kernels/elementwise/kernel_sweep_test_support.h"

namespace sotto::runtime {
namespace {

using enum ElementType;

const std::vector<ElementType> kTypes = {kFloat32, kFloat16, kInt32,    kUint8,
                                         kInt64,   kBool,    kInt16,    kInt8,
                                         kFloat64, kUint32,  kComplex64};

struct SelectCase {
  OpCode code;
  Shape condition, a, b, y;
};
const std::vector<SelectCase> kCases = {
    {OpCode::kSelect, {2, {3, 5}}, {2, {3, 5}}, {2, {3, 5}}, {2, {3, 5}}},
    {OpCode::kSelect, {0, {}}, {2, {3, 5}}, {2, {3, 5}}, {2, {3, 5}}},
    {OpCode::kSelect, {1, {1}}, {2, {3, 5}}, {2, {3, 5}}, {2, {3, 5}}},
    {OpCode::kSelect, {1, {3}}, {3, {3, 2, 2}}, {3, {3, 2, 2}}, {3, {3, 2, 2}}},
    {OpCode::kSelect, {1, {0}}, {2, {0, 2}}, {2, {0, 2}}, {2, {0, 2}}},
    {OpCode::kSelectV2, {2, {3, 5}}, {2, {3, 5}}, {2, {3, 5}}, {2, {3, 5}}},
    {OpCode::kSelectV2, {1, {5}}, {2, {3, 1}}, {0, {}}, {2, {3, 5}}},
    {OpCode::kSelectV2, {2, {3, 1}}, {1, {5}}, {1, {1}}, {2, {3, 5}}},
    {OpCode::kSelectV2,
     {4, {2, 1, 3, 1}},
     {4, {1, 4, 1, 5}},
     {1, {5}},
     {4, {2, 4, 3, 5}}},
    {OpCode::kSelectV2,
     {6, {2, 1, 2, 1, 2, 1}},
     {6, {1, 3, 1, 2, 1, 2}},
     {6, {2, 3, 1, 1, 2, 2}},
     {6, {2, 3, 2, 2, 2, 2}}},
    {OpCode::kSelectV2, {1, {1}}, {2, {0, 2}}, {1, {2}}, {2, {0, 2}}},
};

TEST(Select, TakesEachElementFromTheChosenSideForEveryType) {
  for (const SelectCase& c : kCases) {
    for (const ElementType type : kTypes) {
      for (const bool in_place : {false, true}) {
        SCOPED_TRACE(testing::Message() << "type " << int(type) << " condition "
                                        << c.condition.rank);
        const double high = type == kBool ? 1 : 100;
        const TestTensor condition = Filled(kBool, c.condition, 11, 0, 1);
        const TestTensor a = Filled(type, c.a, 12, 0, high);
        const TestTensor b = Filled(type, c.b, 13, 0, high);
        // The rows of a vector condition are those of the first dimension.
        Shape seen = c.condition;
        if (c.code == OpCode::kSelect && c.condition.rank == 1 &&
            c.condition[0] != 1 && c.y.rank > 1) {
          seen.rank = c.y.rank;
          seen.dims = {c.condition[0], 1, 1, 1, 1, 1};
        }
        std::vector<double> want;
        for (std::size_t i = 0; i < c.y.Elements(); ++i) {
          const bool chosen =
              StoredAt(condition.tensor, BroadcastIndex(c.y, seen, i)) != 0;
          want.push_back(chosen
                             ? StoredAt(a.tensor, BroadcastIndex(c.y, c.a, i))
                             : StoredAt(b.tensor, BroadcastIndex(c.y, c.b, i)));
        }
        const Outcome got =
            RunOperator(c.code, {condition, a, b}, Output(type), {}, in_place);
        ASSERT_EQ(got.code, StatusCode::kOk) << got.reason;
        ASSERT_TRUE(got.y.tensor.shape == c.y);
        for (std::size_t i = 0; i < want.size(); ++i) {
          ASSERT_EQ(StoredAt(got.y.tensor, i), want[i]) << i;
        }
      }
    }
  }
}

TEST(Select, ShapesThatDoNotFitAreRefused) {
  const TestTensor a = Filled(kFloat32, {2, {3, 5}}, 1, 0, 1);
  for (const Shape& condition :
       {Shape{1, {5}}, Shape{1, {2}}, Shape{2, {3, 1}}, Shape{2, {1, 5}}}) {
    EXPECT_EQ(
        RunOperator(OpCode::kSelect, {Filled(kBool, condition, 1, 0, 1), a, a},
                    Output(kFloat32))
            .code,
        StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(
      RunOperator(OpCode::kSelectV2, {Filled(kBool, {1, {2}}, 1, 0, 1), a, a},
                  Output(kFloat32))
          .code,
      StatusCode::kInvalidArgument);
  EXPECT_EQ(RunOperator(OpCode::kSelectV2, {a, a, a}, Output(kFloat32)).code,
            StatusCode::kUnimplemented);
}

TEST(AddN, AddsAllInputsEvenOneThatIsListedTwice) {
  for (const ElementType type : {kFloat32, kInt32}) {
    for (const bool in_place : {false, true}) {
      const TestTensor a = Filled(type, {2, {3, 4}}, 1, -50, 50);
      const TestTensor b = Filled(type, {2, {3, 4}}, 2, -50, 50);
      std::vector<double> want;
      for (std::size_t i = 0; i < 12; ++i) {
        want.push_back(2 * StoredAt(a.tensor, i) + StoredAt(b.tensor, i));
      }
      const Outcome got =
          RunOperator(OpCode::kAddN, {a, b, a}, Output(type), {}, in_place);
      ASSERT_EQ(got.code, StatusCode::kOk) << got.reason;
      for (std::size_t i = 0; i < 12; ++i) {
        EXPECT_NEAR(StoredAt(got.y.tensor, i), want[i], 1e-4);
      }
    }
  }
}

TEST(AddN, NoInputsOrUnequalOnesAreRefused) {
  const TestTensor a = Filled(kFloat32, {2, {3, 4}}, 1, -50, 50);
  const TestTensor b = Filled(kFloat32, {1, {4}}, 1, -50, 50);
  EXPECT_EQ(RunOperator(OpCode::kAddN, {}, Output(kFloat32)).code,
            StatusCode::kInvalidArgument);
  EXPECT_EQ(RunOperator(OpCode::kAddN, {a, b}, Output(kFloat32)).code,
            StatusCode::kInvalidArgument);
  EXPECT_EQ(RunOperator(OpCode::kAddN, {a, a}, Output(kInt32)).code,
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sotto::runtime
