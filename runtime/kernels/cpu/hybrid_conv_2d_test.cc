#include "runtime/kernels/cpu/hybrid_sweep_test_support.h"

namespace sotto::runtime {

extern const Kernel kConv2DHybrid, kConv2DHybridReference;

namespace {

constexpr Activation kActivations[] = {Activation::kNone, Activation::kRelu,
                                       Activation::kRelu6,
                                       Activation::kReluN1To1};

struct Case {
  std::int32_t batch, height, width, channels, out, filter_h, filter_w;
  std::int32_t stride = 1, dilation = 1;
  Padding padding = Padding::kSame;
};

void Check(const Case& c, std::uint32_t seed) {
  SCOPED_TRACE(testing::Message()
               << "batch " << c.batch << " image " << c.height << "x" << c.width
               << "x" << c.channels << " out " << c.out << " filter "
               << c.filter_h << "x" << c.filter_w << " stride " << c.stride
               << " dilation " << c.dilation << " seed " << seed);
  HybridProduct p = RandomHybrid(
      {4, {c.batch, c.height, c.width, c.channels}},
      {4, {c.out, c.filter_h, c.filter_w, c.channels}}, 0, seed % 3 != 0, seed);
  if (c.batch > 1) {  // an image of zeros
    std::fill_n(p.x.tensor.floats(), p.x.tensor.shape.ElementsFrom(1), 0.0f);
  }
  Options options;
  options.padding = c.padding;
  options.stride_h = options.stride_w = c.stride;
  options.dilation_h = options.dilation_w = c.dilation;
  options.activation = kActivations[seed % 4];
  options.asymmetric_inputs = seed % 2 == 0;
  ExpectNear(kConv2DHybrid, kConv2DHybridReference, p.Inputs(seed % 5 != 0),
             options);
}

TEST(Conv2DHybrid, PointwiseIsNearTheReferenceAroundEveryTileEdge) {
  std::uint32_t seed = 1;
  for (const std::int32_t pixels : {1, 2, 4, 5, 6, 13, 14, 15, 28, 29, 57}) {
    for (const std::int32_t out : {1, 15, 16, 17, 32, 33, 64, 65}) {
      const std::int32_t channels = std::array{1, 3, 4, 8, 31, 64}[seed % 6];
      Check({1, 1, pixels, channels, out, 1, 1}, seed++);
    }
  }
}

TEST(Conv2DHybrid, FiltersAreNearTheReference) {
  constexpr Case kCases[] = {
      {1, 8, 8, 3, 32, 3, 3, 2},
      {2, 9, 7, 3, 8, 3, 3, 2},
      {1, 15, 16, 16, 16, 3, 3},
      {1, 16, 29, 5, 18, 3, 3},
      {1, 12, 12, 16, 32, 1, 1, 2},
      {1, 7, 9, 8, 24, 5, 5},
      {1, 49, 10, 1, 64, 10, 4, 2},
      {1, 5, 1, 40, 32, 5, 1, 1, 1, Padding::kValid},
      {1, 9, 9, 4, 17, 3, 3, 1, 2},
      {2, 11, 13, 6, 16, 3, 2, 2, 1, Padding::kValid},
      {1, 11, 11, 3, 20, 3, 3, 1, 3},
      {1, 3, 3, 7, 5, 7, 7},
      {1, 2, 2, 1, 1, 9, 9},
      {1, 40, 40, 64, 8, 3, 3},
      {3, 4, 4, 12, 40, 4, 4, 1, 1, Padding::kValid},
      {5, 6, 5, 3, 7, 2, 2},
      {1, 9, 9, 2, 3, 2, 2, 5},
  };
  std::uint32_t seed = 1000;
  for (int round = 0; round < 3; ++round) {
    for (const Case& c : kCases) Check(c, seed++);
  }
}

TEST(Conv2DHybrid, PiecesOfLargeImagesJoin) {
  Check({1, 80, 70, 24, 20, 1, 1}, 5);
  Check({2, 90, 90, 8, 9, 3, 3, 2}, 6);
}

TEST(Conv2DHybrid, AnEmptyBatchIsNoWork) {
  Check({0, 5, 5, 4, 4, 3, 3}, 1);
  Check({0, 5, 5, 4, 4, 1, 1}, 1);
}

TEST(Conv2DHybrid, OddValuesDoNoHarm) {
  for (const std::int32_t filter : {1, 3}) {
    HybridProduct p = RandomHybrid({4, {2, 5, 5, 6}},
                                   {4, {18, filter, filter, 6}}, 0, true, 3);
    ExpectNoCrash(kConv2DHybrid, p.Inputs(true), Options{});
  }
}

TEST(Conv2DHybrid, WhatIsNotItsOwnIsLeftToTheReference) {
  HybridProduct p =
      RandomHybrid({4, {1, 4, 4, 4}}, {4, {4, 3, 3, 4}}, 0, true, 7);
  KernelRunner run(kConv2DHybrid);
  TestTensor y;
  const auto code = [&] { return run(p.Inputs(true), {&y}); };
  EXPECT_EQ(code(), StatusCode::kOk);
  p.w.tensor.is_constant = false;
  EXPECT_EQ(code(), StatusCode::kUnimplemented);
  p.w.tensor.is_constant = true;
  p.w.tensor.type = ElementType::kInt4;
  EXPECT_EQ(code(), StatusCode::kUnimplemented);
  p.w.tensor.type = ElementType::kInt8;
  p.w.tensor.shape.dims[3] = 2;  // two groups
  EXPECT_EQ(code(), StatusCode::kUnimplemented);
  p.w.tensor.shape.dims[3] = 3;
  EXPECT_EQ(code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sotto::runtime
