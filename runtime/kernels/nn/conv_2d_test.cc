#include <cstdint>
#include <random>

#include "gtest/gtest.h"
#include "runtime/kernels/nn/weighted_sum_test_support.h"

namespace sotto::runtime {

extern const Kernel kConv2DF32Reference, kConv2DHybridReference,
    kConv2DS16Reference, kConv2DS8Reference, kConv2DU8Reference,
    kDepthwiseConv2DF32Reference, kDepthwiseConv2DHybridReference,
    kDepthwiseConv2DS16Reference, kDepthwiseConv2DS8Reference,
    kDepthwiseConv2DU8Reference;

namespace {

const Kernel& ConvKernel(Line line, bool depthwise) {
  if (line == Line::kF32) {
    return depthwise ? kDepthwiseConv2DF32Reference : kConv2DF32Reference;
  }
  if (IsHybrid(line)) {
    return depthwise ? kDepthwiseConv2DHybridReference : kConv2DHybridReference;
  }
  switch (DataType(line)) {
    case ElementType::kInt8:
      return depthwise ? kDepthwiseConv2DS8Reference : kConv2DS8Reference;
    case ElementType::kUint8:
      return depthwise ? kDepthwiseConv2DU8Reference : kConv2DU8Reference;
    default:
      return depthwise ? kDepthwiseConv2DS16Reference : kConv2DS16Reference;
  }
}

struct ConvCase {
  std::int32_t n, h, w, channels, out, filter_h, filter_w, stride_h, stride_w,
      dilation_h, dilation_w;
  Padding padding;
  std::int32_t groups = 1;
};

constexpr ConvCase kCases[] = {
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, Padding::kValid},
    {2, 5, 4, 3, 6, 3, 3, 1, 1, 1, 1, Padding::kSame},
    {1, 7, 9, 5, 10, 2, 4, 2, 3, 1, 1, Padding::kSame},
    {1, 8, 8, 4, 8, 3, 3, 2, 2, 1, 1, Padding::kValid},
    {1, 9, 11, 2, 4, 3, 2, 1, 2, 2, 3, Padding::kSame},
    {1, 9, 11, 2, 4, 3, 2, 1, 1, 3, 4, Padding::kValid},
    {2, 3, 3, 17, 17, 5, 5, 1, 1, 1, 1, Padding::kSame},
    {1, 2, 3, 6, 12, 1, 1, 5, 5, 1, 1, Padding::kSame},
    {1, 4, 5, 6, 9, 3, 3, 1, 1, 1, 1, Padding::kSame, 3},
    {2, 3, 3, 8, 8, 2, 2, 1, 1, 1, 1, Padding::kValid, 8},
};

struct Geometry {
  std::int32_t out, pad;
};
Geometry Along(std::int32_t in, std::int32_t filter, std::int32_t stride,
               std::int32_t dilation, Padding padding) {
  const std::int32_t reach = (filter - 1) * dilation + 1;
  if (padding == Padding::kValid) return {(in - reach + stride) / stride, 0};
  const std::int32_t out = (in + stride - 1) / stride;
  return {out, std::max((out - 1) * stride + reach - in, 0) / 2};
}

Options OptionsOf(const ConvCase& c) {
  Options o;
  o.padding = c.padding;
  o.stride_h = c.stride_h;
  o.stride_w = c.stride_w;
  o.dilation_h = c.dilation_h;
  o.dilation_w = c.dilation_w;
  return o;
}

// Every element of y against a loop over explicit indices.
void Check(const ConvCase& c, Line line, const Options& options, bool depthwise,
           bool with_bias, std::mt19937& random) {
  const std::int32_t group_channels = c.channels / c.groups;
  const SumShapes shapes = {
      .x = {4, {c.n, c.h, c.w, c.channels}},
      .w = {4,
            {depthwise ? 1 : c.out, c.filter_h, c.filter_w,
             depthwise ? c.out : group_channels}},
      .dimension = depthwise ? 3u : 0u,
      .depth = static_cast<std::size_t>(c.filter_h * c.filter_w *
                                        (depthwise ? 1 : group_channels))};
  WeightedSum op = MakeOperands(line, shapes, with_bias, random);
  KernelRunner run(ConvKernel(line, depthwise));
  ASSERT_EQ(run(op.inputs, {&op.y}, options), StatusCode::kOk) << run.reason();
  const Geometry gy =
      Along(c.h, c.filter_h, c.stride_h, c.dilation_h, c.padding);
  const Geometry gx =
      Along(c.w, c.filter_w, c.stride_w, c.dilation_w, c.padding);
  ASSERT_EQ(op.y.tensor.shape, (Shape{4, {c.n, gy.out, gx.out, c.out}}));
  std::size_t index = 0;
  for (std::int32_t n = 0; n < c.n; ++n) {
    for (std::int32_t oy = 0; oy < gy.out; ++oy) {
      for (std::int32_t ox = 0; ox < gx.out; ++ox) {
        for (std::int32_t o = 0; o < c.out; ++o, ++index) {
          double sum = 0, magnitude = 0;
          for (std::int32_t y = 0; y < c.h; ++y) {
            for (std::int32_t x = 0; x < c.w; ++x) {
              // Which tap, if any, sees this pixel.
              const std::int32_t down = y - oy * c.stride_h + gy.pad;
              const std::int32_t right = x - ox * c.stride_w + gx.pad;
              if (down < 0 || down % c.dilation_h != 0 ||
                  down / c.dilation_h >= c.filter_h || right < 0 ||
                  right % c.dilation_w != 0 ||
                  right / c.dilation_w >= c.filter_w) {
                continue;
              }
              const std::int32_t ky = down / c.dilation_h;
              const std::int32_t kx = right / c.dilation_w;
              for (std::int32_t d = 0; d < (depthwise ? 1 : group_channels);
                   ++d) {
                const std::int32_t channel =
                    depthwise ? o / (c.out / c.channels)
                              : o / (c.out / c.groups) * group_channels + d;
                const std::int32_t tap =
                    depthwise ? (ky * c.filter_w + kx) * c.out + o
                              : ((o * c.filter_h + ky) * c.filter_w + kx) *
                                        group_channels +
                                    d;
                const double product =
                    Raw(op.x.tensor,
                        static_cast<std::size_t>(
                            ((n * c.h + y) * c.w + x) * c.channels + channel)) *
                    Raw(op.w.tensor, static_cast<std::size_t>(tap));
                sum += product;
                magnitude += std::abs(product);
              }
            }
          }
          // A hybrid input of random signs is off by the size of x, not of the
          // product.
          if (IsHybrid(line)) {
            magnitude = 128.0 * static_cast<double>(shapes.depth);
          }
          ASSERT_NO_FATAL_FAILURE(ExpectElement(line, op, options, index,
                                                static_cast<std::size_t>(o),
                                                sum, magnitude))
              << n << ' ' << oy << ' ' << ox << ' ' << o;
        }
      }
    }
  }
}

void Sweep(bool depthwise) {
  std::mt19937 random(7);
  for (const ConvCase& c : kCases) {
    if (depthwise && c.groups > 1) continue;
    if (depthwise && c.out % c.channels != 0) continue;
    for (const Line line : kAllLines) {
      for (const bool with_bias : {false, true}) {
        for (const Activation activation :
             {Activation::kNone, Activation::kRelu, Activation::kReluN1To1,
              Activation::kRelu6}) {
          Options options = OptionsOf(c);
          options.activation = activation;
          SCOPED_TRACE(testing::Message()
                       << "case " << &c - kCases << " line "
                       << static_cast<int>(line) << " bias " << with_bias
                       << " activation " << static_cast<int>(activation));
          ASSERT_NO_FATAL_FAILURE(
              Check(c, line, options, depthwise, with_bias, random));
        }
      }
    }
  }
}

TEST(Conv2DTest, EveryTypeEqualsTheSumByIndices) { Sweep(false); }
TEST(DepthwiseConv2DTest, EveryTypeEqualsTheSumByIndices) { Sweep(true); }

TEST(Conv2DTest, ABatchOfNoneGivesNothing) {
  std::mt19937 random(1);
  for (const bool depthwise : {false, true}) {
    for (const Line line : kAllLines) {
      const SumShapes shapes = {.x = {4, {0, 3, 3, 2}},
                                .w = {4, {depthwise ? 1 : 2, 2, 2, 2}},
                                .dimension = depthwise ? 3u : 0u};
      WeightedSum op = MakeOperands(line, shapes, true, random);
      KernelRunner run(ConvKernel(line, depthwise));
      ASSERT_EQ(run(op.inputs, {&op.y}), StatusCode::kOk) << run.reason();
      EXPECT_EQ(op.y.tensor.shape.Elements(), 0u);
    }
  }
}

TEST(Conv2DTest, SumsThatLeaveThirtyTwoBitsSaturate) {
  // 2^17 products of 255 * 127 exceed 2^31.
  const Shape x_shape = {4, {1, 1, 1, 1 << 17}},
              w_shape = {4, {1, 1, 1, 1 << 17}};
  TestTensor x = TestTensor::Of(ElementType::kInt8, x_shape,
                                std::vector<std::int8_t>(1 << 17, 127));
  TestTensor w = TestTensor::Of(ElementType::kInt8, w_shape,
                                std::vector<std::int8_t>(1 << 17, 127));
  TestTensor y;
  y.tensor.type = ElementType::kInt8;
  x.Quantize({1.0f}, -128);
  w.Quantize({1.0f});
  y.Quantize({3e7f}, 0);
  KernelRunner run(kConv2DS8Reference);
  ASSERT_EQ(run({&x, &w}, {&y}), StatusCode::kOk) << run.reason();
  EXPECT_EQ(y.values<std::int8_t>()[0], 72);  // 2^31 / 3e7 = 71.6
}

TEST(Conv2DTest, HostileBiasesSaturate) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  TestTensor x = TestTensor::Of(ElementType::kInt16, {4, {1, 1, 1, 1}},
                                std::vector<std::int16_t>{32767});
  TestTensor w = TestTensor::Of(ElementType::kInt8, {4, {2, 1, 1, 1}},
                                std::vector<std::int8_t>{127, -127});
  TestTensor bias =
      TestTensor::Of(ElementType::kInt64, {1, {2}},
                     std::vector<std::int64_t>{kMost, -kMost - 1});
  TestTensor y;
  y.tensor.type = ElementType::kInt16;
  x.Quantize({1.0f});
  w.Quantize({1.0f});
  y.Quantize({1e-30f});
  KernelRunner run(kConv2DS16Reference);
  ASSERT_EQ(run({&x, &w, &bias}, {&y}), StatusCode::kOk) << run.reason();
  EXPECT_EQ(y.values<std::int16_t>(),
            (std::vector<std::int16_t>{32767, -32768}));
}

TEST(Conv2DTest, AnInputThatIsNotFiniteIsNoUndefinedBehaviour) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float bad : {nan, infinity, -infinity, 1e-45f, 3e38f}) {
    for (const bool per_channel : {false, true}) {
      TestTensor x = TestTensor::Floats({4, {1, 1, 1, 2}}, {bad, -1.0f});
      TestTensor w = TestTensor::Of(ElementType::kInt8, {4, {2, 1, 1, 2}},
                                    std::vector<std::int8_t>{1, 2, 3, 4});
      w.Quantize(per_channel ? std::vector<float>{1, 2}
                             : std::vector<float>{1});
      TestTensor y;
      KernelRunner run(kConv2DHybridReference);
      EXPECT_EQ(run({&x, &w}, {&y}), StatusCode::kOk);
    }
  }
}

// Each case differs in one thing from one that Prepare takes.
class Conv2DRefusalTest : public testing::TestWithParam<bool> {
 protected:
  Conv2DRefusalTest() {
    std::mt19937 random(3);
    const SumShapes shapes = {.x = {4, {1, 5, 5, 2}},
                              .w = {4, {GetParam() ? 1 : 2, 3, 3, 2}},
                              .dimension = GetParam() ? 3u : 0u};
    op_ = MakeOperands(Line::kS8PerChannel, shapes, true, random);
    inputs_ = {&op_.x, &op_.w, &op_.bias};
  }
  StatusCode Run() {
    return KernelRunner(ConvKernel(Line::kS8, GetParam()))(inputs_, {&op_.y},
                                                           options_);
  }
  WeightedSum op_;
  std::vector<TestTensor*> inputs_;
  Options options_;
};

INSTANTIATE_TEST_SUITE_P(PlainAndDepthwise, Conv2DRefusalTest, testing::Bool());

TEST_P(Conv2DRefusalTest, TheUnchangedCaseIsTaken) {
  EXPECT_EQ(Run(), StatusCode::kOk);
}
TEST_P(Conv2DRefusalTest, MissingInputs) {
  inputs_ = {&op_.x};
  EXPECT_EQ(Run(), StatusCode::kInvalidArgument);
  inputs_ = {};
  EXPECT_EQ(Run(), StatusCode::kInvalidArgument);
  inputs_ = {nullptr, &op_.w, &op_.bias};
  EXPECT_EQ(Run(), StatusCode::kInvalidArgument);
  inputs_ = {&op_.x, nullptr, &op_.bias};
  EXPECT_EQ(Run(), StatusCode::kInvalidArgument);
  inputs_ = {&op_.x, &op_.w, &op_.bias, &op_.bias};
  EXPECT_EQ(Run(), StatusCode::kInvalidArgument);
}
TEST_P(Conv2DRefusalTest, WrongRanksAndSizes) {
  op_.x.tensor.shape = {3, {5, 5, 2}};
  EXPECT_EQ(Run(), StatusCode::kInvalidArgument);
  op_.x.tensor.shape = {4, {1, 5, 5, 3}};
  EXPECT_EQ(Run(), StatusCode::kInvalidArgument);
  op_.x.tensor.shape = {4, {1, 5, 5, 0}};
  EXPECT_EQ(Run(), StatusCode::kInvalidArgument);
  op_.x.tensor.shape = {4, {1, 0, 5, 2}};
  EXPECT_EQ(Run(), StatusCode::kInvalidArgument);
  op_.x.tensor.shape = {4, {1, 5, 5, 2}};
  op_.w.tensor.shape = {4, {0, 3, 3, 2}};
  EXPECT_EQ(Run(), StatusCode::kInvalidArgument);
  op_.w.tensor.shape = {4, {GetParam() ? 1 : 2, 0, 3, 2}};
  EXPECT_EQ(Run(), StatusCode::kInvalidArgument);
  op_.w.tensor.shape = {4, {GetParam() ? 1 : 2, 3, 3, 0}};
  EXPECT_EQ(Run(), StatusCode::kInvalidArgument);
}
TEST_P(Conv2DRefusalTest, ABiasOfAnotherSize) {
  op_.bias.tensor.shape = {1, {1}};
  EXPECT_EQ(Run(), StatusCode::kInvalidArgument);
}
TEST_P(Conv2DRefusalTest, StridesAndDilationsThatAreNotPositive) {
  for (const std::int32_t bad : {0, -1, 1 << 30}) {
    for (std::int32_t Options::*field :
         {&Options::stride_h, &Options::stride_w, &Options::dilation_h,
          &Options::dilation_w}) {
      options_ = {};
      options_.*field = bad;
      EXPECT_EQ(Run(), StatusCode::kInvalidArgument);
    }
  }
}
TEST_P(Conv2DRefusalTest, AFilterThatDoesNotFitUnderValidPadding) {
  options_.padding = Padding::kValid;
  options_.dilation_h = 3;
  EXPECT_EQ(Run(), StatusCode::kInvalidArgument);
}
TEST_P(Conv2DRefusalTest, ActivationsThatAreNoClamp) {
  options_.activation = Activation::kTanh;
  EXPECT_EQ(Run(), StatusCode::kUnimplemented);
  options_.activation = Activation::kSignBit;
  EXPECT_EQ(Run(), StatusCode::kUnimplemented);
}
TEST_P(Conv2DRefusalTest, OtherTypes) {
  for (TestTensor* t : {&op_.x, &op_.w, &op_.bias, &op_.y}) {
    const ElementType type = t->tensor.type;
    t->tensor.type = ElementType::kFloat32;
    EXPECT_EQ(Run(), StatusCode::kUnimplemented);
    t->tensor.type = type;
  }
}
TEST_P(Conv2DRefusalTest, UnusableQuantisation) {
  for (TestTensor* t : {&op_.x, &op_.w, &op_.y}) {
    const TensorQuantization good = t->tensor.quantization;
    t->tensor.quantization = {};
    EXPECT_EQ(Run(), StatusCode::kInvalidArgument);
    t->tensor.quantization = good;
    t->tensor.quantization.scale = nullptr;
    EXPECT_EQ(Run(), StatusCode::kInvalidArgument);
    t->tensor.quantization = good;
    t->tensor.quantization.zero_point = 1000;
    EXPECT_EQ(Run(), StatusCode::kInvalidArgument);
    t->tensor.quantization = good;
    const float scale = (*t->scales)[0];
    for (const float bad : {0.0f, -1.0f, std::nanf("")}) {
      (*t->scales)[0] = bad;
      EXPECT_EQ(Run(), StatusCode::kInvalidArgument);
    }
    (*t->scales)[0] = scale;
  }
  op_.w.tensor.quantization.dimension = 1;
  EXPECT_EQ(Run(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Run(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sotto::runtime
