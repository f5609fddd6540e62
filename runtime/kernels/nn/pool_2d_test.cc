#include <cmath>
#include <cstdint>
#include <random>

#include "gtest/gtest.h"
#include "runtime/kernels/nn/weighted_sum_test_support.h"

namespace sotto::runtime {

extern const Kernel kAveragePool2DF32Reference, kAveragePool2DS16Reference,
    kAveragePool2DS8Reference, kAveragePool2DU8Reference,
    kMaxPool2DF32Reference, kMaxPool2DS16Reference, kMaxPool2DS8Reference,
    kMaxPool2DU8Reference;

namespace {

constexpr ElementType kTypes[] = {ElementType::kFloat32, ElementType::kInt8,
                                  ElementType::kUint8, ElementType::kInt16};

const Kernel& PoolKernel(ElementType type, bool average) {
  switch (type) {
    case ElementType::kInt8:
      return average ? kAveragePool2DS8Reference : kMaxPool2DS8Reference;
    case ElementType::kUint8:
      return average ? kAveragePool2DU8Reference : kMaxPool2DU8Reference;
    case ElementType::kInt16:
      return average ? kAveragePool2DS16Reference : kMaxPool2DS16Reference;
    default:
      return average ? kAveragePool2DF32Reference : kMaxPool2DF32Reference;
  }
}

TestTensor Quantized(TestTensor t, float scale, std::int32_t zero) {
  if (t.tensor.type != ElementType::kFloat32) {
    t.Quantize({scale},
               t.tensor.type == ElementType::kUint8 ? zero + 128 : zero);
  }
  return t;
}

struct PoolCase {
  std::int32_t n, h, w, channels, filter_h, filter_w, stride_h, stride_w;
  Padding padding;
};
constexpr PoolCase kCases[] = {
    {1, 1, 1, 1, 1, 1, 1, 1, Padding::kValid},
    {2, 5, 7, 3, 3, 2, 1, 1, Padding::kSame},
    {1, 6, 6, 5, 2, 2, 2, 2, Padding::kValid},
    {1, 7, 5, 2, 3, 3, 2, 2, Padding::kSame},
    {1, 3, 3, 4, 9, 9, 3, 1, Padding::kSame},
    {1, 8, 8, 17, 8, 8, 1, 1, Padding::kValid},
    {1, 9, 9, 1, 1, 2, 4, 5, Padding::kSame},
    {0, 4, 4, 2, 2, 2, 2, 2, Padding::kValid},
};

void Check(const PoolCase& c, ElementType type, bool average,
           Activation activation, std::mt19937& random) {
  TestTensor x = Quantized(
      RandomTensor(type, {4, {c.n, c.h, c.w, c.channels}}, random), 0.05f, -3);
  TestTensor y;
  y.tensor.type = type;
  y = Quantized(y, 0.05f, -3);
  Options options;
  options.padding = c.padding;
  options.filter_h = c.filter_h;
  options.filter_w = c.filter_w;
  options.stride_h = c.stride_h;
  options.stride_w = c.stride_w;
  options.activation = activation;
  KernelRunner run(PoolKernel(type, average));
  ASSERT_EQ(run({&x}, {&y}, options), StatusCode::kOk) << run.reason();
  const bool same = c.padding == Padding::kSame;
  const auto along = [same](std::int32_t in, std::int32_t f, std::int32_t s) {
    return same ? (in + s - 1) / s : (in - f + s) / s;
  };
  const std::int32_t out_h = along(c.h, c.filter_h, c.stride_h);
  const std::int32_t out_w = along(c.w, c.filter_w, c.stride_w);
  ASSERT_EQ(y.tensor.shape, (Shape{4, {c.n, out_h, out_w, c.channels}}));
  const auto pad = [same](std::int32_t in, std::int32_t out, std::int32_t f,
                          std::int32_t s) {
    return same ? std::max((out - 1) * s + f - in, 0) / 2 : 0;
  };
  const std::int32_t top = pad(c.h, out_h, c.filter_h, c.stride_h);
  const std::int32_t left = pad(c.w, out_w, c.filter_w, c.stride_w);
  const ClampRange clamp = RangeOf(activation);
  const std::int32_t zero = x.tensor.quantization.zero_point;
  for (std::size_t i = 0; i < y.tensor.shape.Elements(); ++i) {
    const auto flat = static_cast<std::int32_t>(i);
    const std::int32_t channel = flat % c.channels;
    const std::int32_t ox = flat / c.channels % out_w;
    const std::int32_t oy = flat / c.channels / out_w % out_h;
    const std::int32_t n = flat / c.channels / out_w / out_h;
    double sum = 0, largest = -1e30;
    int count = 0;
    for (std::int32_t py = 0; py < c.h; ++py) {
      for (std::int32_t px = 0; px < c.w; ++px) {
        const std::int32_t down = py - oy * c.stride_h + top;
        const std::int32_t right = px - ox * c.stride_w + left;
        if (down < 0 || down >= c.filter_h || right < 0 ||
            right >= c.filter_w) {
          continue;
        }
        // As stored: with its zero point.
        const double value =
            Raw(x.tensor,
                static_cast<std::size_t>(
                    ((n * c.h + py) * c.w + px) * c.channels + channel)) +
            zero;
        sum += value;
        largest = std::max(largest, value);
        ++count;
      }
    }
    ASSERT_GT(count, 0);
    const double value = average ? sum / count : largest;
    const double got = Raw(y.tensor, i) + zero;
    if (type == ElementType::kFloat32) {
      ASSERT_NEAR(got, std::clamp<double>(value, clamp.low, clamp.high), 1e-6);
      continue;
    }
    const QuantizedRange range = ActivationRange(
        activation, type, 0.05f, y.tensor.quantization.zero_point);
    ASSERT_EQ(got, std::clamp<double>(std::round(value), range.low, range.high))
        << i;
  }
}

TEST(Pool2DTest, EveryTypeEqualsTheWindowByIndices) {
  std::mt19937 random(11);
  for (const PoolCase& c : kCases) {
    for (const ElementType type : kTypes) {
      for (const bool average : {false, true}) {
        for (const Activation activation :
             {Activation::kNone, Activation::kRelu, Activation::kReluN1To1,
              Activation::kRelu6}) {
          SCOPED_TRACE(testing::Message()
                       << "case " << &c - kCases << " type "
                       << static_cast<int>(type) << " average " << average);
          ASSERT_NO_FATAL_FAILURE(Check(c, type, average, activation, random));
        }
      }
    }
  }
}

TEST(Pool2DTest, RefusesWhatDoesNotFit) {
  for (const bool average : {false, true}) {
    std::mt19937 random(11);
    TestTensor x = Quantized(
        RandomTensor(ElementType::kInt8, {4, {1, 4, 4, 2}}, random), 0.1f, 1);
    TestTensor y;
    y.tensor.type = ElementType::kInt8;
    y.Quantize({0.1f}, 1);
    Options options;
    options.filter_h = options.filter_w = 2;
    KernelRunner run(PoolKernel(ElementType::kInt8, average));
    ASSERT_EQ(run({&x}, {&y}, options), StatusCode::kOk);
    for (std::int32_t Options::*field :
         {&Options::stride_h, &Options::stride_w, &Options::filter_h,
          &Options::filter_w}) {
      Options bad = options;
      bad.*field = 0;
      EXPECT_EQ(run({&x}, {&y}, bad), StatusCode::kInvalidArgument);
    }
    Options bad = options;
    bad.padding = Padding::kValid;
    bad.filter_h = 5;
    EXPECT_EQ(run({&x}, {&y}, bad), StatusCode::kInvalidArgument);
    bad = options;
    bad.activation = Activation::kTanh;
    EXPECT_EQ(run({&x}, {&y}, bad), StatusCode::kUnimplemented);
    EXPECT_EQ(run({nullptr}, {&y}, options), StatusCode::kInvalidArgument);
    EXPECT_EQ(run({}, {&y}, options), StatusCode::kInvalidArgument);
    y.Quantize({0.2f}, 1);
    EXPECT_EQ(run({&x}, {&y}, options), StatusCode::kInvalidArgument);
    y.Quantize({0.1f}, 2);
    EXPECT_EQ(run({&x}, {&y}, options), StatusCode::kInvalidArgument);
    y.tensor.quantization = {};
    EXPECT_EQ(run({&x}, {&y}, options), StatusCode::kInvalidArgument);
    y.Quantize({0.1f}, 1);
    y.tensor.type = ElementType::kUint8;
    EXPECT_EQ(run({&x}, {&y}, options), StatusCode::kUnimplemented);
    y.tensor.type = ElementType::kInt8;
    x.tensor.shape = {3, {4, 4, 2}};
    EXPECT_EQ(run({&x}, {&y}, options), StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace sotto::runtime
