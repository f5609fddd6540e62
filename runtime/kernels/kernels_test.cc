// Each kernel against a plain double-precision evaluation of its formula.

#include <algorithm>
#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/kernels/activation.h"
#include "tests/support/kernel_runner.h"

namespace sotto::runtime {

extern const Kernel kAddF32, kAveragePool2DF32, kConv2DF32, kDepthwiseConv2DF32,
    kFullyConnectedF32, kLogisticF32, kMaxPool2DF32, kMulF32, kRelu6F32,
    kSoftmaxF32, kSubF32, kTanhF32;

namespace {

struct Data {
  Tensor tensor;
  std::vector<float> values;
};

Data Make(const Shape& shape, float phase, bool constant) {
  Data data;
  data.values.resize(shape.Elements());
  for (std::size_t i = 0; i < data.values.size(); ++i) {
    data.values[i] = std::sin(static_cast<float>(i) * 0.73f + phase);
  }
  data.tensor = {.type = ElementType::kFloat32,
                 .shape = shape,
                 .data = data.values.data(),
                 .is_constant = constant};
  return data;
}

// Prepares and runs; returns the output values, empty when refused.
std::vector<float> Evaluate(const Kernel& kernel, std::vector<Data*> inputs,
                            const Options& options,
                            Shape* out_shape = nullptr) {
  std::vector<TestTensor> copies(inputs.size());
  std::vector<TestTensor*> in;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    copies[i].tensor = inputs[i]->tensor;
    copies[i].memory = std::make_shared<GuardedBytes>();
    in.push_back(&copies[i]);
  }
  TestTensor output;
  KernelRunner run(kernel);
  if (run(in, {&output}, options) != StatusCode::kOk) return {};
  if (out_shape != nullptr) *out_shape = output.tensor.shape;
  return output.values<float>();
}

struct ConvCase {
  std::int32_t height, width, channels, filters, size, stride, dilation;
  Padding padding;
  Activation activation;
};

class ConvolutionTest : public ::testing::TestWithParam<ConvCase> {};

double At(const Data& x, std::int32_t n, std::int32_t y, std::int32_t c_x,
          std::int32_t c) {
  const Shape& s = x.tensor.shape;
  if (y < 0 || y >= s[1] || c_x < 0 || c_x >= s[2]) return 0.0;
  return x.values[static_cast<std::size_t>(
      ((n * s[1] + y) * s[2] + c_x) * s[3] + c)];
}

TEST_P(ConvolutionTest, MatchesTheFormula) {
  const ConvCase& p = GetParam();
  for (const bool depthwise : {false, true}) {
    const std::int32_t multiplier = 2;
    const std::int32_t out = depthwise ? p.channels * multiplier : p.filters;
    Data x = Make({4, {2, p.height, p.width, p.channels}}, 0.1f, false);
    Data w = depthwise
                 ? Make({4, {1, p.size, p.size, out}}, 0.5f, true)
                 : Make({4, {out, p.size, p.size, p.channels}}, 0.5f, true);
    Data bias = Make({1, {out}}, 0.9f, true);
    const Options options = {.padding = p.padding,
                             .stride_w = p.stride,
                             .stride_h = p.stride,
                             .dilation_w = p.dilation,
                             .dilation_h = p.dilation,
                             .activation = p.activation};
    Shape s;
    const auto got = Evaluate(depthwise ? kDepthwiseConv2DF32 : kConv2DF32,
                              {&x, &w, &bias}, options, &s);
    ASSERT_FALSE(got.empty());
    const std::int32_t reach = (p.size - 1) * p.dilation + 1;
    const auto pad = [&](std::int32_t in, std::int32_t outs) {
      return p.padding == Padding::kValid
                 ? 0
                 : std::max(0, (outs - 1) * p.stride + reach - in) / 2;
    };
    const std::int32_t top = pad(p.height, s[1]), left = pad(p.width, s[2]);
    const ClampRange range = RangeOf(p.activation);
    std::size_t i = 0;
    for (std::int32_t n = 0; n < 2; ++n)
      for (std::int32_t oy = 0; oy < s[1]; ++oy)
        for (std::int32_t ox = 0; ox < s[2]; ++ox)
          for (std::int32_t o = 0; o < out; ++o, ++i) {
            double sum = bias.values[static_cast<std::size_t>(o)];
            for (std::int32_t ky = 0; ky < p.size; ++ky)
              for (std::int32_t kx = 0; kx < p.size; ++kx) {
                const std::int32_t iy = oy * p.stride - top + ky * p.dilation;
                const std::int32_t ix = ox * p.stride - left + kx * p.dilation;
                if (depthwise) {
                  sum += At(x, n, iy, ix, o / multiplier) *
                         w.values[static_cast<std::size_t>(
                             (ky * p.size + kx) * out + o)];
                  continue;
                }
                for (std::int32_t c = 0; c < p.channels; ++c) {
                  sum +=
                      At(x, n, iy, ix, c) *
                      w.values[static_cast<std::size_t>(
                          ((o * p.size + ky) * p.size + kx) * p.channels + c)];
                }
              }
            sum = std::clamp(sum, double{range.low}, double{range.high});
            ASSERT_NEAR(got[i], sum, 1e-4);
          }
    EXPECT_EQ(i, got.size());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Cases, ConvolutionTest,
    ::testing::Values(
        ConvCase{5, 5, 1, 3, 3, 1, 1, Padding::kSame, Activation::kNone},
        ConvCase{8, 6, 2, 16, 3, 2, 1, Padding::kSame, Activation::kRelu},
        ConvCase{7, 9, 3, 33, 3, 1, 2, Padding::kValid, Activation::kRelu6},
        ConvCase{4, 4, 5, 8, 1, 1, 1, Padding::kValid, Activation::kReluN1To1},
        ConvCase{3, 3, 2, 4, 5, 1, 1, Padding::kSame, Activation::kNone}));

TEST(KernelsTest, FullyConnectedMatchesTheFormulaForFewAndManyRows) {
  for (const std::int32_t rows : {1, 3, 4, 9}) {
    Data x = Make({2, {rows, 37}}, 0.2f, false);
    Data w = Make({2, {11, 37}}, 0.6f, true), b = Make({1, {11}}, 1.1f, true);
    const auto got = Evaluate(kFullyConnectedF32, {&x, &w, &b},
                              {.activation = Activation::kRelu});
    ASSERT_EQ(got.size(), static_cast<std::size_t>(rows) * 11);
    for (std::size_t n = 0; n < static_cast<std::size_t>(rows); ++n) {
      for (std::size_t o = 0; o < 11; ++o) {
        double sum = b.values[o];
        for (std::size_t i = 0; i < 37; ++i) {
          sum += double{x.values[n * 37 + i]} * w.values[o * 37 + i];
        }
        EXPECT_NEAR(got[n * 11 + o], std::max(sum, 0.0), 1e-4);
      }
    }
  }
}

TEST(KernelsTest, PoolsTakeTheMaximumAndTheMeanInsideTheImage) {
  Data x = Make({4, {1, 3, 3, 2}}, 0.4f, false);
  const Options same = {.padding = Padding::kSame,
                        .stride_w = 2,
                        .stride_h = 2,
                        .filter_w = 2,
                        .filter_h = 2};
  const auto maximum = Evaluate(kMaxPool2DF32, {&x}, same);
  const auto mean = Evaluate(kAveragePool2DF32, {&x}, same);
  ASSERT_EQ(maximum.size(), 8u);
  const auto v = [&](int y, int c_x, int c) {
    return x.values[static_cast<std::size_t>((y * 3 + c_x) * 2 + c)];
  };
  EXPECT_EQ(maximum[0],
            std::max({v(0, 0, 0), v(0, 1, 0), v(1, 0, 0), v(1, 1, 0)}));
  EXPECT_NEAR(mean[1], (v(0, 0, 1) + v(0, 1, 1) + v(1, 0, 1) + v(1, 1, 1)) / 4,
              1e-6);
  EXPECT_EQ(maximum[6], v(2, 2, 0));  // one element inside
  EXPECT_EQ(mean[7], v(2, 2, 1));
}

TEST(KernelsTest, BinariesRepeatTheirSecondInputAndRefuseMisfits) {
  Data a = Make({3, {2, 3, 4}}, 0.0f, false), tail = Make({1, {4}}, 1.0f, true);
  const auto sum = Evaluate(kAddF32, {&a, &tail}, {});
  const auto product = Evaluate(kMulF32, {&a, &tail}, {});
  const auto difference = Evaluate(kSubF32, {&a, &a}, {});
  for (std::size_t i = 0; i < 24; ++i) {
    EXPECT_EQ(sum[i], a.values[i] + tail.values[i % 4]);
    EXPECT_EQ(product[i], a.values[i] * tail.values[i % 4]);
    EXPECT_EQ(difference[i], 0.0f);
  }
  Data misfit = Make({1, {3}}, 0.0f, true);
  EXPECT_TRUE(Evaluate(kAddF32, {&a, &misfit}, {}).empty());
}

TEST(KernelsTest, SoftmaxSumsToOneAndKeepsLargeInputsFinite) {
  Data x = Make({2, {3, 5}}, 0.0f, false);
  x.values[2] = 1000.0f;
  const auto got = Evaluate(kSoftmaxF32, {&x}, {});
  for (std::size_t row = 0; row < 3; ++row) {
    float sum = 0;
    for (std::size_t i = 0; i < 5; ++i) sum += got[row * 5 + i];
    EXPECT_NEAR(sum, 1.0f, 1e-5f);
  }
  EXPECT_NEAR(got[2], 1.0f, 1e-6f);
}

TEST(KernelsTest, UnariesMatchTheirFormulas) {
  Data x = Make({1, {50}}, 0.0f, false);
  for (float& value : x.values) value *= 9;
  const auto relu6 = Evaluate(kRelu6F32, {&x}, {}),
             tanh = Evaluate(kTanhF32, {&x}, {});
  const auto logistic = Evaluate(kLogisticF32, {&x}, {});
  for (std::size_t i = 0; i < 50; ++i) {
    EXPECT_EQ(relu6[i], std::clamp(x.values[i], 0.0f, 6.0f));
    EXPECT_NEAR(tanh[i], std::tanh(double{x.values[i]}), 1e-6);
    EXPECT_NEAR(logistic[i], 1 / (1 + std::exp(-double{x.values[i]})), 1e-6);
  }
}

}  // namespace
}  // namespace sotto::runtime
