#include "runtime/kernels/cpu/hybrid_sweep_test_support.h"

namespace sotto::runtime {

extern const Kernel kFullyConnectedHybrid, kFullyConnectedHybridReference;

namespace {

constexpr Activation kActivations[] = {Activation::kNone, Activation::kRelu,
                                       Activation::kRelu6,
                                       Activation::kReluN1To1};

void Check(std::int32_t rows, std::int32_t depth, std::int32_t out,
           std::uint32_t seed) {
  SCOPED_TRACE(testing::Message()
               << rows << " rows of " << depth << " to " << out);
  HybridProduct p = RandomHybrid({2, {rows, depth}}, {2, {out, depth}}, 0,
                                 seed % 3 != 0, seed);
  if (rows > 2) {  // a row of zeros
    std::fill_n(p.x.tensor.floats() + depth, depth, 0.0f);
  }
  Options options;
  options.activation = kActivations[seed % 4];
  options.asymmetric_inputs = seed % 2 == 0;
  options.keep_dims = seed % 7 == 0;
  ExpectNear(kFullyConnectedHybrid, kFullyConnectedHybridReference,
             p.Inputs(seed % 5 != 0), options);
}

TEST(FullyConnectedHybrid, IsNearTheReferenceAroundEveryTileEdge) {
  std::uint32_t seed = 1;
  for (const std::int32_t rows : {1, 2, 3, 5, 6, 13, 14, 15, 28, 29, 57}) {
    for (const std::int32_t out : {1, 8, 16, 17, 32, 33, 63, 64, 65, 130}) {
      Check(rows, std::array{1, 3, 4, 15, 64, 101}[seed % 6], out, seed);
      ++seed;
    }
  }
}

TEST(FullyConnectedHybrid, PiecesOfManyRowsJoin) {
  Check(500, 300, 20, 1);
  Check(901, 7, 40, 2);
}

TEST(FullyConnectedHybrid, LongRowsAreExact) {
  Check(1, 32768, 18, 1);
  Check(2, 20001, 3, 2);
}

TEST(FullyConnectedHybrid, AnEmptyBatchIsNoWork) { Check(0, 12, 4, 1); }

TEST(FullyConnectedHybrid, OddValuesDoNoHarm) {
  HybridProduct p = RandomHybrid({2, {5, 21}}, {2, {18, 21}}, 0, true, 3);
  for (const bool asymmetric : {false, true}) {
    Options options;
    options.asymmetric_inputs = asymmetric;
    ExpectNoCrash(kFullyConnectedHybrid, p.Inputs(true), options);
  }
}

TEST(FullyConnectedHybrid, ARowWithNotANumberLeavesOthersAlone) {
  HybridProduct p = RandomHybrid({2, {3, 21}}, {2, {18, 21}}, 0, true, 4);
  const TestTensor before =
      RunOnce(kFullyConnectedHybrid, p.Inputs(true), Options{});
  for (std::size_t i = 21; i < 42; ++i) {
    p.x.tensor.floats()[i] = std::nanf("");
  }
  const TestTensor after =
      RunOnce(kFullyConnectedHybrid, p.Inputs(true), Options{});
  for (std::size_t i = 0; i < 18; ++i) {
    EXPECT_EQ(after.tensor.floats()[i], before.tensor.floats()[i]);
    EXPECT_EQ(after.tensor.floats()[i + 36], before.tensor.floats()[i + 36]);
  }
}

TEST(FullyConnectedHybrid, WhatIsNotItsOwnIsLeftToTheReference) {
  HybridProduct p = RandomHybrid({2, {2, 8}}, {2, {4, 8}}, 0, true, 7);
  KernelRunner run(kFullyConnectedHybrid);
  TestTensor y;
  const auto code = [&] { return run(p.Inputs(true), {&y}); };
  EXPECT_EQ(code(), StatusCode::kOk);
  p.w.tensor.is_constant = false;
  EXPECT_EQ(code(), StatusCode::kUnimplemented);
  p.w.tensor.is_constant = true;
  p.bias.tensor.is_constant = false;
  EXPECT_EQ(code(), StatusCode::kUnimplemented);
  p.bias.tensor.is_constant = true;
  p.w.tensor.type = ElementType::kInt4;
  EXPECT_EQ(code(), StatusCode::kUnimplemented);
  p.w.tensor.type = ElementType::kInt8;
  Options tanh;
  tanh.activation = Activation::kTanh;
  EXPECT_EQ(run(p.Inputs(true), {&y}, tanh), StatusCode::kUnimplemented);
  HybridProduct deep =
      RandomHybrid({2, {1, 40000}}, {2, {2, 40000}}, 0, true, 7);
  EXPECT_EQ(run(deep.Inputs(true), {&y}), StatusCode::kUnimplemented);
}

TEST(FullyConnectedHybrid, UnusableOperandsAreRefused) {
  HybridProduct p = RandomHybrid({2, {2, 8}}, {2, {4, 8}}, 0, true, 7);
  KernelRunner run(kFullyConnectedHybrid);
  TestTensor y;
  const auto code = [&] { return run(p.Inputs(true), {&y}); };
  p.w.tensor.quantization.count = 3;
  EXPECT_EQ(code(), StatusCode::kInvalidArgument);
  p.w.tensor.quantization.count = 4;
  p.w.tensor.quantization.zero_point = 1;
  EXPECT_EQ(code(), StatusCode::kInvalidArgument);
  p.w.tensor.quantization.zero_point = 0;
  p.bias.tensor.shape.dims[0] = 3;
  EXPECT_EQ(code(), StatusCode::kInvalidArgument);
  p.bias.tensor.shape.dims[0] = 4;
  EXPECT_EQ(code(), StatusCode::kOk);
}

}  // namespace
}  // namespace sotto::runtime
