#include "runtime/kernels/cpu/int8_sweep_test_support.h"

namespace sotto::runtime {

extern const Kernel kDepthwiseConv2DInt8, kDepthwiseConv2DS8Reference,
    kDepthwiseConv2DU8Reference;

namespace {

constexpr ElementType kTypes[] = {ElementType::kInt8, ElementType::kUint8};
constexpr Activation kActivations[] = {Activation::kNone, Activation::kRelu,
                                       Activation::kRelu6,
                                       Activation::kReluN1To1};

struct Case {
  std::int32_t batch, height, width, channels, filter_h = 3, filter_w = 3;
  std::int32_t stride = 1, dilation = 1;
  Padding padding = Padding::kSame;
};

void Check(const Case& c, ElementType type, std::uint32_t seed,
           std::int32_t w_zero = -1) {
  SCOPED_TRACE(testing::Message()
               << "type " << int(type) << " batch " << c.batch << " image "
               << c.height << "x" << c.width << "x" << c.channels << " filter "
               << c.filter_h << "x" << c.filter_w << " stride " << c.stride
               << " dilation " << c.dilation << " seed " << seed);
  QuantizedProduct p = RandomProduct(
      type, {4, {c.batch, c.height, c.width, c.channels}},
      {4, {1, c.filter_h, c.filter_w, c.channels}}, 3, seed % 3 != 0, seed);
  if (w_zero >= 0) p.w.tensor.quantization.zero_point = w_zero;
  Options options;
  options.padding = c.padding;
  options.stride_h = options.stride_w = c.stride;
  options.dilation_h = options.dilation_w = c.dilation;
  options.activation = kActivations[seed % 4];
  std::vector<TestTensor*> inputs = {&p.x, &p.w};
  if (seed % 5 != 0) inputs.push_back(&p.bias);
  ExpectSame(kDepthwiseConv2DInt8,
             type == ElementType::kInt8 ? kDepthwiseConv2DS8Reference
                                        : kDepthwiseConv2DU8Reference,
             inputs, p.y, options);
}

TEST(DepthwiseConv2DInt8, EqualsTheReferenceAroundEveryBlockEdge) {
  std::uint32_t seed = 1;
  for (const ElementType type : kTypes) {
    for (const std::int32_t channels : {1, 2, 3, 8, 15, 16, 17, 24, 31, 32, 33,
                                        48, 63, 64, 65, 96, 128, 130, 144}) {
      for (const std::int32_t stride : {1, 2}) {
        for (const std::int32_t width : {1, 2, 5, 8}) {
          Check({1, 4, width, channels, 3, 3, stride}, type, seed++);
        }
      }
    }
  }
}

TEST(DepthwiseConv2DInt8, FiltersEqualTheReference) {
  constexpr Case kCases[] = {
      {2, 9, 11, 40, 5, 5},
      {1, 7, 1, 32, 7, 1, 1, 1, Padding::kValid},
      {1, 23, 1, 64, 23, 1, 1, 1, Padding::kValid},
      {1, 12, 9, 20, 3, 3, 1, 2},
      {2, 9, 9, 72, 2, 3, 2, 1, Padding::kValid},
      {1, 6, 6, 16, 1, 1},
      {1, 10, 10, 64, 4, 4, 3},
      {1, 3, 3, 10, 9, 9},
      {1, 13, 14, 64, 3, 3, 1, 3},
  };
  std::uint32_t seed = 500;
  for (const ElementType type : kTypes) {
    for (const Case& c : kCases) {
      for (int i = 0; i < 4; ++i) Check(c, type, seed++);
    }
  }
}

TEST(DepthwiseConv2DInt8, WeightsFarFromTheirZeroPointAreSumsOfTwo) {
  for (const std::int32_t zero : {1, 127, 128, 129, 255}) {
    Check({1, 5, 6, 40}, ElementType::kUint8, 9, zero);
  }
}

TEST(DepthwiseConv2DInt8, OnlyAWeightOf255AboveZeroPoint0IsLeftToTheReference) {
  QuantizedProduct p = RandomProduct(ElementType::kUint8, {4, {1, 4, 4, 2}},
                                     {4, {1, 1, 1, 2}}, 3, false, 1);
  p.w.tensor.quantization.zero_point = 0;
  p.w.tensor.as<std::uint8_t>()[0] = 254;
  p.w.tensor.as<std::uint8_t>()[1] = 255;
  KernelRunner run(kDepthwiseConv2DInt8);
  EXPECT_EQ(run({&p.x, &p.w}, {&p.y}), StatusCode::kUnimplemented);
  p.w.tensor.as<std::uint8_t>()[1] = 254;
  ExpectSame(kDepthwiseConv2DInt8, kDepthwiseConv2DU8Reference, {&p.x, &p.w},
             p.y, {});
}

TEST(DepthwiseConv2DInt8, PiecesOfLargeImagesJoin) {
  Check({2, 70, 60, 32}, ElementType::kInt8, 3);
  Check({1, 70, 60, 64, 3, 3, 2}, ElementType::kUint8, 4);
}

TEST(DepthwiseConv2DInt8, AnEmptyBatchIsNoWork) {
  Check({0, 4, 4, 16}, ElementType::kInt8, 1);
}

TEST(DepthwiseConv2DInt8, ADepthMultiplierIsLeftToTheReference) {
  QuantizedProduct p = RandomProduct(ElementType::kInt8, {4, {1, 4, 4, 2}},
                                     {4, {1, 3, 3, 4}}, 3, true, 1);
  KernelRunner run(kDepthwiseConv2DInt8);
  EXPECT_EQ(run({&p.x, &p.w, &p.bias}, {&p.y}), StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace sotto::runtime
