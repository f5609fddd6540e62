// The binary operators against a double-precision evaluation that broadcasts by
// explicit indices.

#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/kernels/activation.h"
#include "runtime/kernels/elementwise/kernel_sweep_test_support.h"
#include "runtime/kernels/nn/requantize.h"

namespace sotto::runtime {
namespace {

using enum ElementType;

struct Shapes {
  Shape a, b, y;
};
const std::vector<Shapes> kShapes = {
    {{0, {}}, {0, {}}, {0, {}}},
    {{1, {1}}, {1, {1}}, {1, {1}}},
    {{2, {3, 7}}, {2, {3, 7}}, {2, {3, 7}}},
    {{2, {3, 7}}, {1, {7}}, {2, {3, 7}}},
    {{2, {3, 7}}, {2, {3, 1}}, {2, {3, 7}}},
    {{2, {3, 7}}, {0, {}}, {2, {3, 7}}},
    {{0, {}}, {3, {2, 3, 2}}, {3, {2, 3, 2}}},
    {{2, {1, 5}}, {2, {4, 1}}, {2, {4, 5}}},
    {{4, {2, 3, 4, 5}}, {4, {1, 3, 1, 5}}, {4, {2, 3, 4, 5}}},
    {{4, {1, 3, 1, 2}}, {3, {1, 2, 1}}, {4, {1, 3, 2, 2}}},
    {{6, {2, 1, 2, 1, 3, 1}}, {6, {1, 3, 2, 2, 1, 2}}, {6, {2, 3, 2, 2, 3, 2}}},
    {{6, {2, 3, 1, 2, 1, 2}}, {5, {1, 4, 1, 3, 1}}, {6, {2, 3, 4, 2, 3, 2}}},
    {{3, {2, 0, 4}}, {1, {4}}, {3, {2, 0, 4}}},
    {{2, {2, 1}}, {2, {1, 0}}, {2, {2, 0}}},
};

using Formula = double (*)(double, double);
struct BinaryCase {
  const char* name;
  OpCode code;
  Formula formula;
  std::vector<ElementType> types;
  double a_low = -50, a_high = 50, b_low = -50, b_high = 50;
  bool is_bool = false, clamps = false, non_zero = false;
  // Scale of a quantised result; b's is 1/16, a's 1/8.
  float y_scale = 0.0f;
};

double Mod(double a, double b) { return a - std::floor(a / b) * b; }

const std::vector<ElementType> kNumbers = {kFloat32, kInt32, kInt64};
const std::vector<ElementType> kOrdered = {kFloat32, kInt32, kInt64,
                                           kInt8,    kUint8, kInt16};
const std::vector<ElementType> kWithBool = {kFloat32, kInt32, kInt64, kInt8,
                                            kUint8,   kInt16, kBool};

const std::vector<BinaryCase> kCases = {
    {.name = "Add",
     .code = OpCode::kAdd,
     .formula = [](double a, double b) { return a + b; },
     .types = kOrdered,
     .clamps = true,
     .y_scale = 0.11f},
    {.name = "Sub",
     .code = OpCode::kSub,
     .formula = [](double a, double b) { return a - b; },
     .types = kOrdered,
     .clamps = true,
     .y_scale = 0.13f},
    {.name = "Mul",
     .code = OpCode::kMul,
     .formula = [](double a, double b) { return a * b; },
     .types = kOrdered,
     .clamps = true,
     .y_scale = 0.37f},
    {.name = "Div",
     .code = OpCode::kDiv,
     .formula = [](double a, double b) { return a / b; },
     .types = {kFloat32, kUint8, kInt8},
     .clamps = true,
     .non_zero = true,
     .y_scale = 0.05f},
    {.name = "Div",
     .code = OpCode::kDiv,
     .formula = [](double a, double b) { return std::trunc(a / b); },
     .types = {kInt32, kInt64},
     .clamps = true,
     .non_zero = true},
    {.name = "SquaredDifference",
     .code = OpCode::kSquaredDifference,
     .formula = [](double a, double b) { return (a - b) * (a - b); },
     .types = {kFloat32, kInt32, kInt64, kInt8},
     .y_scale = 0.9f},
    {.name = "FloorDiv",
     .code = OpCode::kFloorDiv,
     .formula = [](double a, double b) { return std::floor(a / b); },
     .types = {kInt32, kInt64},
     .non_zero = true},
    {.name = "FloorMod",
     .code = OpCode::kFloorMod,
     .formula = Mod,
     .types = {kInt32, kInt64},
     .non_zero = true},
    {.name = "Pow",
     .code = OpCode::kPow,
     .formula = [](double a, double b) { return std::pow(a, b); },
     .types = kNumbers,
     .a_low = 0,
     .a_high = 7,
     .b_low = 0,
     .b_high = 6},
    {.name = "Minimum",
     .code = OpCode::kMinimum,
     .formula = [](double a, double b) { return std::fmin(a, b); },
     .types = kOrdered},
    {.name = "Maximum",
     .code = OpCode::kMaximum,
     .formula = [](double a, double b) { return std::fmax(a, b); },
     .types = kOrdered},
    {.name = "Equal",
     .code = OpCode::kEqual,
     .formula = [](double a, double b) { return double(a == b); },
     .types = kWithBool,
     .a_low = -2,
     .a_high = 2,
     .b_low = -2,
     .b_high = 2,
     .is_bool = true},
    {.name = "NotEqual",
     .code = OpCode::kNotEqual,
     .formula = [](double a, double b) { return double(a != b); },
     .types = kWithBool,
     .a_low = -2,
     .a_high = 2,
     .b_low = -2,
     .b_high = 2,
     .is_bool = true},
    {.name = "Less",
     .code = OpCode::kLess,
     .formula = [](double a, double b) { return double(a < b); },
     .types = kOrdered,
     .a_low = -2,
     .a_high = 2,
     .b_low = -2,
     .b_high = 2,
     .is_bool = true},
    {.name = "LessEqual",
     .code = OpCode::kLessEqual,
     .formula = [](double a, double b) { return double(a <= b); },
     .types = kOrdered,
     .a_low = -2,
     .a_high = 2,
     .b_low = -2,
     .b_high = 2,
     .is_bool = true},
    {.name = "Greater",
     .code = OpCode::kGreater,
     .formula = [](double a, double b) { return double(a > b); },
     .types = kOrdered,
     .a_low = -2,
     .a_high = 2,
     .b_low = -2,
     .b_high = 2,
     .is_bool = true},
    {.name = "GreaterEqual",
     .code = OpCode::kGreaterEqual,
     .formula = [](double a, double b) { return double(a >= b); },
     .types = kOrdered,
     .a_low = -2,
     .a_high = 2,
     .b_low = -2,
     .b_high = 2,
     .is_bool = true},
    {.name = "LogicalAnd",
     .code = OpCode::kLogicalAnd,
     .formula = [](double a, double b) { return double(a != 0 && b != 0); },
     .types = {kBool},
     .is_bool = true},
    {.name = "LogicalOr",
     .code = OpCode::kLogicalOr,
     .formula = [](double a, double b) { return double(a != 0 || b != 0); },
     .types = {kBool},
     .is_bool = true},
};

bool IsStored(ElementType type) {
  return type == kInt8 || type == kUint8 || type == kInt16;
}

TestTensor Operand(const BinaryCase& c, ElementType type, const Shape& shape,
                   bool is_b) {
  const QuantizedRange range = RangeOf(type);
  double low = is_b ? c.b_low : c.a_low, high = is_b ? c.b_high : c.a_high;
  if (type == kBool) {
    low = 0;
    high = 1;
  } else if (IsStored(type)) {
    low = range.low;
    high = range.high;
  }
  TestTensor x = Filled(type, shape, is_b ? 7 : 3, low, high);
  if (IsStored(type)) {
    const bool same = c.code == OpCode::kMinimum || c.code == OpCode::kMaximum;
    const std::int32_t zero = type == kInt16 ? 0 : type == kInt8 ? -5 : 131;
    x.Quantize({is_b && !same ? 0.0625f : 0.125f},
               is_b && !same && type != kInt16 ? zero + 9 : zero);
  }
  if (c.non_zero && is_b) {
    for (std::size_t i = 0; i < shape.Elements(); ++i) {
      if (RealAt(x.tensor, i) == 0) {
        SetStored(x.tensor, i, StoredAt(x.tensor, i) + 1);
      }
    }
  }
  return x;
}

TestTensor Result(const BinaryCase& c, ElementType type) {
  if (c.is_bool) return Output(kBool);
  if (!IsStored(type)) return Output(type);
  if (c.y_scale == 0) {  // Minimum and Maximum
    return Output(type, 0.125f, type == kInt16 ? 0 : type == kInt8 ? -5 : 131);
  }
  return Output(type, type == kInt16 ? c.y_scale * 200 : c.y_scale,
                type == kInt16  ? 0
                : type == kInt8 ? -17
                                : 120);
}

void Check(const BinaryCase& c, ElementType type, const Shapes& s,
           Activation activation, bool in_place) {
  const TestTensor a = Operand(c, type, s.a, false);
  const TestTensor b = Operand(c, type, s.b, true);
  std::vector<double> want;
  const ClampRange clamp = RangeOf(activation);
  for (std::size_t i = 0; i < s.y.Elements(); ++i) {
    const double exact =
        c.formula(RealAt(a.tensor, BroadcastIndex(s.y, s.a, i)),
                  RealAt(b.tensor, BroadcastIndex(s.y, s.b, i)));
    want.push_back(
        std::fmin(std::fmax(exact, double{clamp.low}), double{clamp.high}));
  }
  Options options;
  options.activation = activation;
  options.power_of_two_scales = false;
  const Outcome got =
      RunOperator(c.code, {a, b}, Result(c, type), options, in_place);
  ASSERT_EQ(got.code, StatusCode::kOk) << got.reason;
  ASSERT_TRUE(got.y.tensor.shape == s.y);
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double value = RealAt(got.y.tensor, i);
    if (c.is_bool || (!IsStored(type) && type != kFloat32)) {
      ASSERT_EQ(value, want[i]) << "element " << i;
    } else if (type == kFloat32) {
      ASSERT_NEAR(value, want[i], 1e-5 * std::fabs(want[i]) + 1e-30)
          << "element " << i;
    } else {
      const TensorQuantization& q = got.y.tensor.quantization;
      const QuantizedRange range = RangeOf(type);
      const double stored = std::fmin(
          std::fmax(want[i] / double{*q.scale} + q.zero_point, range.low),
          range.high);
      // Half a step for rounding, half for the clamp's own.
      ASSERT_NEAR(StoredAt(got.y.tensor, i), stored, 1.01) << "element " << i;
    }
  }
}

TEST(BinaryKernels, AgreeWithTheFormulaForEveryTypeShapeAndActivation) {
  for (const BinaryCase& c : kCases) {
    for (const ElementType type : c.types) {
      for (const Shapes& s : kShapes) {
        for (const Activation activation :
             {Activation::kNone, Activation::kRelu, Activation::kReluN1To1,
              Activation::kRelu6}) {
          if (activation != Activation::kNone && !c.clamps) continue;
          SCOPED_TRACE(testing::Message()
                       << c.name << " type " << int(type) << " a rank "
                       << s.a.rank << " elements " << s.y.Elements()
                       << " activation " << int(activation));
          Check(c, type, s, activation, false);
          Check(c, type, s, activation, true);
          if (testing::Test::HasFatalFailure()) return;
        }
      }
    }
  }
}

}  // namespace
}  // namespace sotto::runtime
