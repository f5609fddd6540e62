// What the element-wise kernels must refuse, and the corners of integer
// arithmetic. Each hostile case differs in one thing from one that runs.

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/kernels/elementwise/kernel_sweep_test_support.h"
#include "runtime/kernels/registry.h"

namespace sotto::runtime {
namespace {

using enum ElementType;

constexpr std::int32_t kLowest = std::numeric_limits<std::int32_t>::min();

// Tensors of one operator before a test spoils them.
struct Graph {
  OpCode code;
  std::vector<TestTensor> inputs;
  TestTensor y;
  Options options;
};

Graph Quantized(OpCode code, std::size_t inputs, ElementType type) {
  Graph graph = {
      .code = code, .inputs = {}, .y = Output(type, 0.1f, 3), .options = {}};
  for (std::size_t i = 0; i < inputs; ++i) {
    TestTensor x = Filled(type, {1, {8}}, 3, 20, 100);
    x.Quantize({0.1f}, 3);
    graph.inputs.push_back(x);
  }
  return graph;
}

StatusCode RunGraph(const Graph& graph) {
  return RunOperator(graph.code, graph.inputs, graph.y, graph.options).code;
}

const std::vector<OpCode> kQuantizedUnary = {
    OpCode::kRelu, OpCode::kRelu6, OpCode::kReluN1To1, OpCode::kLeakyRelu,
    OpCode::kAbs,  OpCode::kElu,   OpCode::kGelu,      OpCode::kHardSwish,
    OpCode::kTanh, OpCode::kExp,   OpCode::kLogistic,  OpCode::kLog,
    OpCode::kSqrt, OpCode::kRsqrt, OpCode::kQuantize};
const std::vector<OpCode> kQuantizedBinary = {
    OpCode::kAdd, OpCode::kSub,   OpCode::kMul,
    OpCode::kDiv, OpCode::kPrelu, OpCode::kSquaredDifference};

TEST(Refusals, ScalesAndZeroPointsAreChecked) {
  const std::vector<std::function<void(TestTensor&)>> spoilers = {
      [](TestTensor& t) { t.tensor.quantization = {}; },
      [](TestTensor& t) { t.Quantize({0.0f}, 3); },
      [](TestTensor& t) { t.Quantize({-0.1f}, 3); },
      [](TestTensor& t) { t.Quantize({NAN}, 3); },
      [](TestTensor& t) { t.Quantize({INFINITY}, 3); },
      [](TestTensor& t) { t.Quantize({0.1f}, 128); },
      [](TestTensor& t) { t.Quantize({0.1f}, -129); },
      [](TestTensor& t) { t.tensor.quantization.scale = nullptr; },
      [](TestTensor& t) {
        t.Quantize({0.1f, 0.2f}, 0);
      },
  };
  for (const bool binary : {false, true}) {
    for (const OpCode code : binary ? kQuantizedBinary : kQuantizedUnary) {
      const Graph good = Quantized(code, binary ? 2 : 1, kInt8);
      ASSERT_EQ(RunGraph(good), StatusCode::kOk) << OpName(code);
      for (std::size_t s = 0; s < spoilers.size(); ++s) {
        for (std::size_t i = 0; i <= good.inputs.size(); ++i) {
          Graph bad = good;
          spoilers[s](i < bad.inputs.size() ? bad.inputs[i] : bad.y);
          const StatusCode got = RunGraph(bad);
          EXPECT_TRUE(got == StatusCode::kInvalidArgument ||
                      got == StatusCode::kUnimplemented)
              << OpName(code) << " spoiler " << s << " tensor " << i;
        }
      }
    }
  }
}

TEST(Refusals, EveryKernelChecksArityAbsentInputsAndTypes) {
  for (const KernelRow& row : ElementwiseKernels()) {
    for (std::size_t count = 0; count <= 4; ++count) {
      std::vector<TestTensor> strings(count, Output(kString));
      std::vector<TestTensor*> in, absent(count, nullptr);
      for (TestTensor& t : strings) in.push_back(&t);
      TestTensor y = Output(kFloat32);
      KernelRunner run(*row.kernel);
      EXPECT_NE(run(in, {}), StatusCode::kOk) << row.label;
      EXPECT_NE(run(absent, {&y}), StatusCode::kOk) << row.label;
      EXPECT_NE(run(in, {&y}), StatusCode::kOk) << row.label;
      EXPECT_NE(run(in, {&y, &y}), StatusCode::kOk) << row.label;
    }
  }
}

TEST(Refusals, AnOutputOfAnotherTypeIsRefused) {
  for (const KernelRow& row : ElementwiseKernels()) {
    if (row.code == OpCode::kCast) continue;  // takes any
    for (std::size_t count = 1; count <= 3; ++count) {
      std::vector<TestTensor> x(count, Filled(kFloat32, {1, {4}}, 1, 1, 2));
      std::vector<TestTensor*> in;
      for (TestTensor& t : x) in.push_back(&t);
      TestTensor y = Output(kUint16);
      EXPECT_NE(KernelRunner(*row.kernel)(in, {&y}), StatusCode::kOk)
          << row.label;
    }
  }
}

TEST(Refusals, ShapesThatDoNotBroadcastAndMixedTypesAreRefused) {
  for (const OpCode code :
       {OpCode::kAdd, OpCode::kMaximum, OpCode::kLess, OpCode::kPrelu}) {
    const TestTensor y = Output(code == OpCode::kLess ? kBool : kFloat32);
    const TestTensor a = Filled(kFloat32, {2, {3, 4}}, 1, 0, 1);
    EXPECT_EQ(RunOperator(code, {a, a}, y).code, StatusCode::kOk);
    EXPECT_EQ(
        RunOperator(code, {a, Filled(kFloat32, {1, {3}}, 1, 0, 1)}, y).code,
        StatusCode::kInvalidArgument);
    EXPECT_EQ(
        RunOperator(code, {a, Filled(kInt32, {2, {3, 4}}, 1, 0, 1)}, y).code,
        StatusCode::kInvalidArgument);
  }
}

TEST(Refusals, AlphaLargerThanItsInputIsRefused) {
  EXPECT_EQ(RunOperator(OpCode::kPrelu,
                        {Filled(kFloat32, {1, {4}}, 1, -1, 1),
                         Filled(kFloat32, {2, {3, 4}}, 1, -1, 1)},
                        Output(kFloat32))
                .code,
            StatusCode::kInvalidArgument);
}

TEST(Refusals, ActivationsThatAreNoClampAreRefused) {
  for (const ElementType type : {kFloat32, kInt32}) {
    Options options;
    options.activation = Activation::kTanh;
    const TestTensor a = Filled(type, {1, {4}}, 1, 1, 2);
    EXPECT_EQ(RunOperator(OpCode::kAdd, {a, a}, Output(type), options).code,
              StatusCode::kUnimplemented);
  }
  Graph graph = Quantized(OpCode::kAdd, 2, kInt8);
  graph.options.activation = Activation::kSignBit;
  EXPECT_EQ(RunGraph(graph), StatusCode::kUnimplemented);
}

TEST(Refusals, StoredValuesOfDifferentScalesAreNotMixed) {
  for (const OpCode code : {OpCode::kMinimum, OpCode::kMaximum}) {
    Graph graph = Quantized(code, 2, kUint8);
    EXPECT_EQ(RunGraph(graph), StatusCode::kOk);
    graph.inputs[1].Quantize({0.2f}, 3);
    EXPECT_EQ(RunGraph(graph), StatusCode::kUnimplemented);
  }
}

TEST(IntegerArithmetic, DivisionByZeroAndNegativeExponentsAreRefusedAtEval) {
  for (const ElementType type : {kInt32, kInt64}) {
    const TestTensor a = Filled(type, {1, {4}}, 1, 1, 9);
    for (const OpCode code :
         {OpCode::kDiv, OpCode::kFloorDiv, OpCode::kFloorMod, OpCode::kPow}) {
      TestTensor b = Filled(type, {1, {4}}, 1, 1, 9);
      EXPECT_EQ(RunOperator(code, {a, b}, Output(type)).code, StatusCode::kOk);
      SetStored(b.tensor, 3, code == OpCode::kPow ? -1 : 0);
      EXPECT_EQ(RunOperator(code, {a, b}, Output(type)).code,
                StatusCode::kInvalidArgument);
    }
  }
  Graph graph = Quantized(OpCode::kDiv, 2, kUint8);
  SetStored(graph.inputs[1].tensor, 5, 3);
  EXPECT_EQ(RunGraph(graph), StatusCode::kInvalidArgument);
}

TEST(IntegerArithmetic, OverflowWraps) {
  struct Case {
    OpCode code;
    std::int32_t a, b, y;
  };
  for (const Case& c :
       std::vector<Case>{{OpCode::kAdd, kLowest, -1, 2147483647},
                         {OpCode::kSub, kLowest, 1, 2147483647},
                         {OpCode::kMul, 65536, 65537, 65536},
                         {OpCode::kDiv, kLowest, -1, kLowest},
                         {OpCode::kFloorDiv, kLowest, -1, kLowest},
                         {OpCode::kFloorMod, kLowest, -1, 0},
                         {OpCode::kPow, 3, 21, 1870418611 /* 3^21 */},
                         {OpCode::kSquaredDifference, kLowest, 1, 1}}) {
    const Outcome got = RunOperator(
        c.code,
        {TestTensor::Ints({1, {1}}, {c.a}), TestTensor::Ints({1, {1}}, {c.b})},
        Output(kInt32));
    ASSERT_EQ(got.code, StatusCode::kOk);
    EXPECT_EQ(got.y.values<std::int32_t>()[0], c.y) << OpName(c.code);
  }
}

TEST(RealArithmetic, FloorDivAndFloorModFollowTheDivisorsSign) {
  const TestTensor a = TestTensor::Floats({1, {4}}, {7, -7, 7, -7});
  const TestTensor b = TestTensor::Floats({1, {4}}, {2, 2, -2, -2});
  EXPECT_EQ(RunOperator(OpCode::kFloorDiv, {a, b}, Output(kFloat32))
                .y.values<float>(),
            (std::vector<float>{3, -4, -4, 3}));
  EXPECT_EQ(RunOperator(OpCode::kFloorMod, {a, b}, Output(kFloat32))
                .y.values<float>(),
            (std::vector<float>{1, 1, -1, -1}));
}

TEST(QuantizedSum, PowerOfTwoScalesShiftOneOperand) {
  TestTensor a = TestTensor::Of<std::int16_t>(kInt16, {1, {4}},
                                              {32767, -32768, 101, -100});
  TestTensor b = TestTensor::Of<std::int16_t>(kInt16, {1, {4}}, {2, -2, 3, -3});
  a.Quantize({0x1p-12f});
  b.Quantize({0x1p-13f});
  const Outcome sum =
      RunOperator(OpCode::kAdd, {a, b}, Output(kInt16, 0x1p-12f));
  ASSERT_EQ(sum.code, StatusCode::kOk) << sum.reason;
  // 3 / 2 is rounded away from zero.
  EXPECT_EQ(sum.y.values<std::int16_t>(),
            (std::vector<std::int16_t>{32767, -32768, 103, -102}));
  const Outcome difference =
      RunOperator(OpCode::kSub, {a, b}, Output(kInt16, 0x1p-12f));
  EXPECT_EQ(difference.y.values<std::int16_t>(),
            (std::vector<std::int16_t>{32766, -32767, 99, -98}));
}

}  // namespace
}  // namespace sotto::runtime
