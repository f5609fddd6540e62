#include "runtime/kernels/cpu/hybrid_sweep_test_support.h"

namespace sotto::runtime {

extern const Kernel kDepthwiseConv2DHybrid, kDepthwiseConv2DHybridReference;

namespace {

constexpr Activation kActivations[] = {Activation::kNone, Activation::kRelu,
                                       Activation::kRelu6,
                                       Activation::kReluN1To1};

struct Case {
  std::int32_t batch, height, width, channels, multiplier, filter_h, filter_w;
  std::int32_t stride = 1, dilation = 1;
  Padding padding = Padding::kSame;
};

void Check(const Case& c, std::uint32_t seed) {
  SCOPED_TRACE(testing::Message()
               << "batch " << c.batch << " image " << c.height << "x" << c.width
               << "x" << c.channels << " multiplier " << c.multiplier
               << " filter " << c.filter_h << "x" << c.filter_w << " stride "
               << c.stride << " dilation " << c.dilation << " seed " << seed);
  HybridProduct p =
      RandomHybrid({4, {c.batch, c.height, c.width, c.channels}},
                   {4, {1, c.filter_h, c.filter_w, c.channels * c.multiplier}},
                   3, seed % 3 != 0, seed);
  if (c.batch > 1) {  // an image of zeros
    std::fill_n(p.x.tensor.floats(), p.x.tensor.shape.ElementsFrom(1), 0.0f);
  }
  Options options;
  options.padding = c.padding;
  options.stride_h = options.stride_w = c.stride;
  options.dilation_h = options.dilation_w = c.dilation;
  options.activation = kActivations[seed % 4];
  ExpectNear(kDepthwiseConv2DHybrid, kDepthwiseConv2DHybridReference,
             p.Inputs(seed % 5 != 0), options);
}

TEST(DepthwiseConv2DHybrid, IsNearTheReference) {
  constexpr Case kCases[] = {
      {1, 8, 8, 16, 1, 3, 3},
      {1, 9, 7, 64, 1, 3, 3, 2},
      {2, 9, 7, 3, 1, 3, 3, 2},
      {1, 15, 16, 17, 1, 3, 3},
      {1, 16, 29, 5, 1, 5, 5},
      {1, 12, 12, 33, 1, 1, 1, 2},
      {1, 20, 15, 1, 8, 10, 8, 2},
      {1, 9, 9, 4, 3, 3, 3, 1, 2},
      {2, 11, 13, 6, 2, 3, 2, 2, 1, Padding::kValid},
      {1, 11, 11, 40, 1, 3, 3, 1, 3},
      {1, 3, 3, 7, 1, 7, 7},
      {1, 2, 2, 1, 1, 9, 9},
      {1, 40, 40, 24, 1, 3, 3},
      {3, 4, 4, 12, 1, 4, 4, 1, 1, Padding::kValid},
      {1, 60, 60, 8, 1, 3, 3},
  };
  std::uint32_t seed = 1;
  for (int round = 0; round < 3; ++round) {
    for (const Case& c : kCases) Check(c, seed++);
  }
}

TEST(DepthwiseConv2DHybrid, AnEmptyBatchIsNoWork) {
  Check({0, 5, 5, 4, 1, 3, 3}, 1);
}

TEST(DepthwiseConv2DHybrid, OddValuesDoNoHarm) {
  HybridProduct p =
      RandomHybrid({4, {2, 5, 5, 6}}, {4, {1, 3, 3, 6}}, 3, true, 3);
  ExpectNoCrash(kDepthwiseConv2DHybrid, p.Inputs(true), Options{});
}

TEST(DepthwiseConv2DHybrid, WhatIsNotItsOwnIsLeftToTheReference) {
  HybridProduct p =
      RandomHybrid({4, {1, 24, 24, 4}}, {4, {1, 3, 3, 4}}, 3, true, 7);
  KernelRunner run(kDepthwiseConv2DHybrid);
  TestTensor y;
  const auto code = [&] { return run(p.Inputs(true), {&y}); };
  EXPECT_EQ(code(), StatusCode::kOk);
  p.w.tensor.is_constant = false;
  EXPECT_EQ(code(), StatusCode::kUnimplemented);
  p.w.tensor.is_constant = true;
  p.w.tensor.type = ElementType::kInt4;
  EXPECT_EQ(code(), StatusCode::kUnimplemented);
  p.w.tensor.type = ElementType::kInt8;
  p.w.tensor.quantization.dimension = 0;
  EXPECT_EQ(code(), StatusCode::kInvalidArgument);
  // More taps than f32 adds exactly.
  HybridProduct wide =
      RandomHybrid({4, {1, 24, 24, 1}}, {4, {1, 23, 23, 1}}, 3, true, 7);
  EXPECT_EQ(run(wide.Inputs(true), {&y}), StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace sotto::runtime
