// The unary operators against a double-precision evaluation.

#include <cmath>
#include <limits>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/kernels/elementwise/kernel_sweep_test_support.h"
#include "runtime/kernels/nn/requantize.h"

namespace sotto::runtime {
namespace {

using enum ElementType;

double Logistic(double x) { return 1 / (1 + std::exp(-x)); }
double Clamped(double x, double low, double high) {
  return std::fmin(std::fmax(x, low), high);
}
double HalfEven(double x) { return std::nearbyint(x); }
double Gelu(double x) { return 0.5 * x * std::erfc(-x / std::sqrt(2.0)); }
double GeluTanh(double x) {
  const double z = std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x);
  return x / (1 + std::exp(-2 * z));
}

struct UnaryCase {
  const char* name;
  OpCode code;
  double (*formula)(double);
  // Of f32; quantised inputs cover their whole type at x_scale.
  double low = -9, high = 9;
  std::vector<ElementType> types = {kFloat32};
  float x_scale = 0.05f, y_scale = 0.05f;
  std::int32_t zero = 0;  // of x, in int8; uint8 has 128 more
  std::int32_t y_zero = 0;
  bool approximate = false;
  double steps = 1.01;  // how far a stored result may be off
};

const std::vector<UnaryCase> kCases = {
    {.name = "Abs",
     .code = OpCode::kAbs,
     .formula = [](double x) { return std::fabs(x); },
     .types = {kFloat32, kInt32, kInt8, kInt16},
     .zero = 4,
     .y_zero = -128},
    {.name = "Neg",
     .code = OpCode::kNeg,
     .formula = [](double x) { return -x; },
     .types = {kFloat32, kInt32, kInt64}},
    {.name = "Sign",
     .code = OpCode::kSign,
     .formula = [](double x) { return double((x > 0) - (x < 0)); },
     .types = {kFloat32, kInt32}},
    {.name = "Square",
     .code = OpCode::kSquare,
     .formula = [](double x) { return x * x; },
     .types = {kFloat32, kInt32, kInt64}},
    {.name = "Floor",
     .code = OpCode::kFloor,
     .formula = [](double x) { return std::floor(x); }},
    {.name = "Ceil",
     .code = OpCode::kCeil,
     .formula = [](double x) { return std::ceil(x); }},
    {.name = "Round", .code = OpCode::kRound, .formula = HalfEven},
    {.name = "Exp",
     .code = OpCode::kExp,
     .formula = [](double x) { return std::exp(x); },
     .types = {kFloat32, kInt8, kUint8},
     .x_scale = 0.03f,
     .y_scale = 0.2f,
     .y_zero = -128},
    {.name = "Exp",
     .code = OpCode::kExp,
     .formula = [](double x) { return std::exp(x); },
     .types = {kInt16},
     .x_scale = 1e-4f,
     .y_scale = 3e-3f,
     // Three roundings of half a step; and the table's steps are 65535 / 512
     // wide but walked in steps of 128, off by up to one stored x, at a slope
     // below 1.
     .steps = 2.5},
    {.name = "Log",
     .code = OpCode::kLog,
     .formula = [](double x) { return x <= 0 ? -1e9 : std::log(x); },
     .low = 1e-3,
     .types = {kFloat32, kInt8, kUint8},
     .zero = -100},
    {.name = "Sqrt",
     .code = OpCode::kSqrt,
     .formula = [](double x) { return std::sqrt(x); },
     .low = 0,
     .types = {kFloat32, kInt8, kUint8},
     .zero = -128,
     .y_zero = -100},
    {.name = "Rsqrt",
     .code = OpCode::kRsqrt,
     .formula = [](double x) { return 1 / std::sqrt(x); },
     .low = 1e-3,
     .types = {kFloat32, kInt8, kUint8},
     .zero = -128,
     .y_zero = -100},
    {.name = "Sin",
     .code = OpCode::kSin,
     .formula = [](double x) { return std::sin(x); },
     .low = -3.1,
     .high = 3.1},
    {.name = "Cos",
     .code = OpCode::kCos,
     .formula = [](double x) { return std::cos(x); },
     .low = -1.5,
     .high = 1.5},
    {.name = "Tanh",
     .code = OpCode::kTanh,
     .formula = [](double x) { return std::tanh(x); },
     .types = {kFloat32, kInt8, kUint8},
     .y_scale = 1.0f / 128},
    {.name = "Tanh",
     .code = OpCode::kTanh,
     .formula = [](double x) { return std::tanh(x); },
     .types = {kInt16},
     .x_scale = 0x1p-12f,
     .y_scale = 0x1p-15f,
     .steps = 4},
    {.name = "Tanh",
     .code = OpCode::kTanh,
     .formula = [](double x) { return std::tanh(x); },
     .types = {kInt16},
     .x_scale = 1.7e-4f,
     .y_scale = 0x1p-15f,
     .steps = 4},
    {.name = "Logistic",
     .code = OpCode::kLogistic,
     .formula = Logistic,
     .low = -95,
     .high = 95,
     .types = {kFloat32, kInt8, kUint8},
     .y_scale = 1.0f / 256,
     .y_zero = -128},
    {.name = "Logistic",
     .code = OpCode::kLogistic,
     .formula = Logistic,
     .types = {kInt16},
     .x_scale = 0x1p-12f,
     .y_scale = 0x1p-15f,
     .steps = 2},
    {.name = "Logistic",
     .code = OpCode::kLogistic,
     .formula = Logistic,
     .types = {kInt16},
     .x_scale = 3e-4f,
     .y_scale = 0x1p-15f,
     .steps = 2},
    {.name = "Elu",
     .code = OpCode::kElu,
     .formula = [](double x) { return x < 0 ? std::expm1(x) : x; },
     .types = {kFloat32, kInt8, kUint8}},
    {.name = "Gelu",
     .code = OpCode::kGelu,
     .formula = Gelu,
     .types = {kFloat32, kInt8, kUint8}},
    {.name = "Gelu approximate",
     .code = OpCode::kGelu,
     .formula = GeluTanh,
     // Below, e^-2z multiplies the rounding of z by more than 25.
     .low = -5,
     .types = {kFloat32, kInt8, kUint8},
     .approximate = true},
    {.name = "HardSwish",
     .code = OpCode::kHardSwish,
     .formula = [](double x) { return x * Clamped(x + 3, 0, 6) / 6; },
     .types = {kFloat32, kInt8, kUint8},
     .zero = -7,
     .y_zero = -60},
    {.name = "HardSwish of large scales",
     .code = OpCode::kHardSwish,
     .formula = [](double x) { return x * Clamped(x + 3, 0, 6) / 6; },
     .types = {kInt8, kUint8},
     .x_scale = 1.5f,
     .y_scale = 1.0f,
     .zero = -7,
     .y_zero = -60},
    {.name = "Relu",
     .code = OpCode::kRelu,
     .formula = [](double x) { return std::fmax(x, 0.0); },
     .types = {kFloat32, kInt8, kUint8, kInt16},
     .y_scale = 0.031f,
     .y_zero = -128},
    {.name = "Relu6",
     .code = OpCode::kRelu6,
     .formula = [](double x) { return Clamped(x, 0, 6); },
     .types = {kFloat32, kInt8, kUint8, kInt16},
     .y_scale = 0.031f,
     .y_zero = -128},
    {.name = "ReluN1To1",
     .code = OpCode::kReluN1To1,
     .formula = [](double x) { return Clamped(x, -1, 1); },
     .types = {kFloat32, kInt8, kUint8, kInt16},
     .y_scale = 0.031f},
    {.name = "LeakyRelu",
     .code = OpCode::kLeakyRelu,
     .formula = [](double x) { return x > 0 ? x : x * double{-0.3f}; },
     .types = {kFloat32, kInt8, kUint8, kInt16},
     .y_scale = 0.031f},
    {.name = "ZerosLike",
     .code = OpCode::kZerosLike,
     .formula = [](double) { return 0.0; },
     .types = {kFloat32, kInt32, kInt64, kBool}},
    {.name = "LogicalNot",
     .code = OpCode::kLogicalNot,
     .formula = [](double x) { return double(x == 0); },
     .types = {kBool}},
};

bool IsStored(ElementType type) {
  return type == kInt8 || type == kUint8 || type == kInt16;
}

// Every value of a quantised type (int16: every 7th), 0 and above for roots.
TestTensor Input(const UnaryCase& c, ElementType type) {
  if (!IsStored(type)) {
    if (type == kBool) return Filled(type, {1, {9}}, 5, 0, 1);
    const bool is_real = type == kFloat32;
    return Filled(type, {3, {7, 11, 13}}, 5, is_real ? c.low : -50,
                  is_real ? c.high : 50);
  }
  const QuantizedRange range = RangeOf(type);
  const std::int32_t zero = type == kInt16   ? 0
                            : type == kUint8 ? c.zero + 128
                                             : c.zero;
  const bool is_root = c.code == OpCode::kSqrt || c.code == OpCode::kRsqrt;
  std::vector<std::int32_t> stored;
  for (std::int32_t v = is_root ? zero + 1 : range.low; v <= range.high;
       v += type == kInt16 ? 7 : 1) {
    stored.push_back(v);
  }
  TestTensor x =
      Filled(type, {1, {static_cast<std::int32_t>(stored.size())}}, 0, 0, 0);
  for (std::size_t i = 0; i < stored.size(); ++i) {
    SetStored(x.tensor, i, stored[i]);
  }
  x.Quantize({c.x_scale}, zero);
  return x;
}

void Check(const UnaryCase& c, ElementType type, bool in_place) {
  const TestTensor x = Input(c, type);
  std::vector<double> want;
  for (std::size_t i = 0; i < x.tensor.shape.Elements(); ++i) {
    want.push_back(c.formula(RealAt(x.tensor, i)));
  }
  Options options;
  options.alpha = -0.3f;
  options.approximate = c.approximate;
  const std::int32_t y_zero = type == kInt16   ? 0
                              : type == kUint8 ? c.y_zero + 128
                                               : c.y_zero;
  const Outcome got = RunOperator(
      c.code, {x}, Output(type, IsStored(type) ? c.y_scale : 0.0f, y_zero),
      options, in_place);
  ASSERT_EQ(got.code, StatusCode::kOk) << got.reason;
  ASSERT_TRUE(got.y.tensor.shape == x.tensor.shape);
  const QuantizedRange range = RangeOf(type);
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double value = StoredAt(got.y.tensor, i);
    if (type == kFloat32) {
      ASSERT_NEAR(value, want[i], 1e-5 * std::fabs(want[i]) + 1e-36) << i;
    } else if (!IsStored(type)) {
      ASSERT_EQ(value, want[i]) << i;
    } else {
      const double stored =
          Clamped(want[i] / double{c.y_scale} + y_zero, range.low, range.high);
      ASSERT_NEAR(value, stored, c.steps) << i;
    }
  }
}

TEST(UnaryKernels, AgreeWithTheFormulaForEveryType) {
  for (const UnaryCase& c : kCases) {
    for (const ElementType type : c.types) {
      SCOPED_TRACE(testing::Message() << c.name << " type " << int(type));
      Check(c, type, false);
      Check(c, type, true);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

TEST(UnaryKernels, RoundTakesHalvesToTheEvenNeighbour) {
  const Outcome got = RunOperator(
      OpCode::kRound,
      {TestTensor::Floats({1, {6}}, {-2.5f, -1.5f, -0.5f, 0.5f, 1.5f, 2.5f})},
      Output(kFloat32));
  ASSERT_EQ(got.code, StatusCode::kOk);
  EXPECT_EQ(got.y.values<float>(), (std::vector<float>{-2, -2, 0, 0, 2, 2}));
}

TEST(UnaryKernels, IntegersWrapAtTheirLowestValue) {
  const std::int32_t low = std::numeric_limits<std::int32_t>::min();
  for (const OpCode code : {OpCode::kAbs, OpCode::kNeg}) {
    const Outcome got =
        RunOperator(code, {TestTensor::Ints({1, {1}}, {low})}, Output(kInt32));
    ASSERT_EQ(got.code, StatusCode::kOk);
    EXPECT_EQ(got.y.values<std::int32_t>()[0], low);
  }
}

TEST(UnaryKernels, RootsOfNegativeIntegersAreRefusedAtEval) {
  for (const OpCode code : {OpCode::kSqrt, OpCode::kRsqrt}) {
    for (const ElementType type : {kInt8, kUint8, kInt16}) {
      TestTensor x = Filled(type, {1, {4}}, 1, 20, 40);
      x.Quantize({0.1f}, type == kInt16 ? 0 : 21);
      if (type == kInt16) SetStored(x.tensor, 2, -1);
      EXPECT_EQ(RunOperator(code, {x}, Output(type, 0.1f)).code,
                StatusCode::kInvalidArgument);
      SetStored(x.tensor, type == kInt16 ? 2 : 0, 30);
      EXPECT_EQ(RunOperator(code, {x}, Output(type, 0.1f)).code,
                StatusCode::kOk);
    }
  }
}

TEST(UnaryKernels, ExtremeScalesSaturate) {
  for (const OpCode code :
       {OpCode::kLogistic, OpCode::kTanh, OpCode::kElu, OpCode::kGelu,
        OpCode::kExp, OpCode::kLog, OpCode::kAbs, OpCode::kRelu, OpCode::kRelu6,
        OpCode::kLeakyRelu, OpCode::kHardSwish}) {
    for (const ElementType type : {kInt8, kInt16}) {
      for (const float x_scale : {1e-38f, 3e38f}) {
        for (const float y_scale : {1e-38f, 0x1p-15f, 3e38f}) {
          TestTensor x = Filled(type, {1, {50}}, 1, -100, 100);
          x.Quantize({x_scale}, 0);
          Options options;
          options.alpha = 3e38f;
          const StatusCode code_got =
              RunOperator(code, {x}, Output(type, y_scale), options).code;
          EXPECT_TRUE(code_got == StatusCode::kOk ||
                      code_got == StatusCode::kUnimplemented)
              << int(code_got);
        }
      }
    }
  }
}

TEST(UnaryKernels, ComplexAbsIsTheHypotenuse) {
  TestTensor x =
      TestTensor::Of<float>(kComplex64, {1, {3}}, {3, -4, 0, 0, 1e30f, 1e30f});
  const Outcome got = RunOperator(OpCode::kComplexAbs, {x}, Output(kFloat32));
  ASSERT_EQ(got.code, StatusCode::kOk);
  EXPECT_FLOAT_EQ(got.y.values<float>()[0], 5.0f);
  EXPECT_FLOAT_EQ(got.y.values<float>()[1], 0.0f);
  EXPECT_FLOAT_EQ(got.y.values<float>()[2], 1.41421356e30f);
}

}  // namespace
}  // namespace sotto::runtime
