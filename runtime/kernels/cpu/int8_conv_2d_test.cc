#include "runtime/kernels/cpu/int8_sweep_test_support.h"

namespace sotto::runtime {

extern const Kernel kConv2DInt8, kConv2DS8Reference, kConv2DU8Reference,
    kDepthwiseConv2DInt8OneChannel, kDepthwiseConv2DS8Reference,
    kDepthwiseConv2DU8Reference;

namespace {

constexpr ElementType kTypes[] = {ElementType::kInt8, ElementType::kUint8};
constexpr Activation kActivations[] = {Activation::kNone, Activation::kRelu,
                                       Activation::kRelu6,
                                       Activation::kReluN1To1};

const Kernel& Reference(ElementType type) {
  return type == ElementType::kInt8 ? kConv2DS8Reference : kConv2DU8Reference;
}

struct Case {
  std::int32_t batch, height, width, channels, out, filter_h, filter_w;
  std::int32_t stride = 1, dilation = 1;
  Padding padding = Padding::kSame;
};

void Check(const Case& c, ElementType type, Activation activation,
           bool with_bias, std::uint32_t seed) {
  SCOPED_TRACE(testing::Message()
               << "type " << int(type) << " batch " << c.batch << " image "
               << c.height << "x" << c.width << "x" << c.channels << " out "
               << c.out << " filter " << c.filter_h << "x" << c.filter_w
               << " stride " << c.stride << " dilation " << c.dilation);
  QuantizedProduct p = RandomProduct(
      type, {4, {c.batch, c.height, c.width, c.channels}},
      {4, {c.out, c.filter_h, c.filter_w, c.channels}}, 0, seed % 3 != 0, seed);
  Options options;
  options.padding = c.padding;
  options.stride_h = options.stride_w = c.stride;
  options.dilation_h = options.dilation_w = c.dilation;
  options.activation = activation;
  std::vector<TestTensor*> inputs = {&p.x, &p.w};
  if (with_bias) inputs.push_back(&p.bias);
  ExpectSame(kConv2DInt8, Reference(type), inputs, p.y, options);
}

TEST(Conv2DInt8, PointwiseEqualsTheReferenceAroundEveryTileEdge) {
  std::uint32_t seed = 1;
  for (const ElementType type : kTypes) {
    for (const std::int32_t pixels :
         {1, 2, 3, 4, 5, 6, 7, 8, 13, 14, 15, 27, 28, 29, 31, 43, 57}) {
      for (const std::int32_t out : {1, 15, 16, 17, 32, 33, 48, 63, 64, 65}) {
        const std::int32_t channels =
            std::array{1, 3, 4, 8, 16, 31, 32, 64}[seed % 8];
        Check({1, 1, pixels, channels, out, 1, 1}, type, kActivations[seed % 4],
              seed % 5 != 0, seed);
        ++seed;
      }
    }
  }
}

TEST(Conv2DInt8, FiltersEqualTheReference) {
  std::uint32_t seed = 1000;
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
  };
  for (const ElementType type : kTypes) {
    for (const Case& c : kCases) {
      for (const Activation activation : kActivations) {
        Check(c, type, activation, seed % 3 != 0, seed);
        ++seed;
      }
    }
  }
}

TEST(Conv2DInt8, PiecesOfLargeImagesJoin) {
  Check({1, 80, 70, 24, 20, 1, 1}, ElementType::kInt8, Activation::kNone, true,
        5);
  Check({2, 90, 90, 8, 9, 3, 3, 2}, ElementType::kUint8, Activation::kRelu,
        true, 6);
}

TEST(Conv2DInt8, AnEmptyBatchIsNoWork) {
  Check({0, 5, 5, 4, 4, 3, 3}, ElementType::kInt8, Activation::kNone, true, 1);
  Check({0, 5, 5, 4, 4, 1, 1}, ElementType::kInt8, Activation::kNone, true, 1);
}

TEST(Conv2DInt8, RoundingOfExactHalvesIsThatOfTheReference) {
  // Factor 2^-e: every second sum of the lowest bit is a tie.
  for (int e = 1; e <= 8; ++e) {
    QuantizedProduct p = RandomProduct(ElementType::kInt8, {4, {1, 4, 64, 1}},
                                       {4, {16, 1, 1, 1}}, 0, false, 77);
    const float scale = std::exp2(static_cast<float>(-e));
    p.x.Quantize({1.0f}, 3);
    p.w.Quantize({scale}, 0, 0);
    p.y.Quantize({1.0f}, -5);
    ExpectSame(kConv2DInt8, kConv2DS8Reference, {&p.x, &p.w}, p.y, {});
  }
}

TEST(Conv2DInt8, FactorsFromOneOnAreLeftToTheReference) {
  QuantizedProduct p = RandomProduct(ElementType::kInt8, {4, {1, 2, 2, 4}},
                                     {4, {3, 1, 1, 4}}, 0, false, 7);
  p.x.Quantize({1.0f}, 3);
  p.w.Quantize({1.0f}, 0, 0);
  p.y.Quantize({0.99f}, 0);
  KernelRunner run(kConv2DInt8);
  EXPECT_EQ(run({&p.x, &p.w}, {&p.y}), StatusCode::kUnimplemented);
  p.y.Quantize({1.01f}, 0);
  EXPECT_EQ(run({&p.x, &p.w}, {&p.y}), StatusCode::kOk);
}

TEST(Conv2DInt8, WeightsThatAreNoConstantAreLeftToTheReference) {
  QuantizedProduct p = RandomProduct(ElementType::kInt8, {4, {1, 2, 2, 4}},
                                     {4, {3, 1, 1, 4}}, 0, true, 7);
  KernelRunner run(kConv2DInt8);
  EXPECT_EQ(run({&p.x, &p.w, &p.bias}, {&p.y}), StatusCode::kOk);
  p.w.tensor.is_constant = false;
  EXPECT_EQ(run({&p.x, &p.w, &p.bias}, {&p.y}), StatusCode::kUnimplemented);
}

TEST(Conv2DInt8, DepthwiseOfOneChannelEqualsTheReference) {
  std::uint32_t seed = 1;
  for (const ElementType type : kTypes) {
    for (const std::int32_t out : {1, 8, 16, 20}) {
      QuantizedProduct p = RandomProduct(type, {4, {1, 20, 15, 1}},
                                         {4, {1, 10, 8, out}}, 3, true, seed);
      Options options;
      options.stride_h = options.stride_w = 2;
      options.activation = kActivations[seed++ % 4];
      ExpectSame(kDepthwiseConv2DInt8OneChannel,
                 type == ElementType::kInt8 ? kDepthwiseConv2DS8Reference
                                            : kDepthwiseConv2DU8Reference,
                 {&p.x, &p.w, &p.bias}, p.y, options);
    }
  }
}

}  // namespace
}  // namespace sotto::runtime
