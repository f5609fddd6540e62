#include <gtest/gtest.h>

#include "runtime/kernels/activation.h"
#include "runtime/kernels/cpu/f32_sweep_test_support.h"
#include "runtime/kernels/window.h"

namespace sotto::runtime {

extern const Kernel kPackedDepthwiseConv2DF32, kDepthwisePointwiseF32;

namespace {

struct Case {
  std::int32_t batch, height, width, channels, filter_h, filter_w;
  std::int32_t stride = 1, dilation = 1;
};

struct Tensors {
  TestTensor x, w, bias;
  Window v;
  std::vector<double> y;
};

double Clamp(Activation activation, double value) {
  const ClampRange range = RangeOf(activation);
  return std::min<double>(std::max<double>(value, range.low), range.high);
}

Tensors Convolve(const Case& c, Options& options) {
  options.stride_h = options.stride_w = c.stride;
  options.dilation_h = options.dilation_w = c.dilation;
  Tensors t = {
      .x = SweepTensor({4, {c.batch, c.height, c.width, c.channels}}, 1),
      .w = SweepTensor({4, {1, c.filter_h, c.filter_w, c.channels}}, 2, true),
      .bias = SweepTensor({1, {c.channels}}, 3, true),
      .v = {},
      .y = {}};
  EXPECT_TRUE(
      MakeWindow(t.x.tensor.shape, c.filter_h, c.filter_w, options, &t.v));
  const Window& v = t.v;
  const float *x = t.x.tensor.floats(), *w = t.w.tensor.floats();
  for (int n = 0; n < c.batch; ++n) {
    for (int oy = 0; oy < v.out_h; ++oy) {
      for (int ox = 0; ox < v.out_w; ++ox) {
        for (int i = 0; i < c.channels; ++i) {
          double sum = t.bias.tensor.floats()[i];
          for (int ky = 0; ky < c.filter_h; ++ky) {
            const int iy = oy * v.stride_h - v.pad_top + ky * v.dilation_h;
            if (iy < 0 || iy >= v.in_h) continue;
            for (int kx = 0; kx < c.filter_w; ++kx) {
              const int ix = ox * v.stride_w - v.pad_left + kx * v.dilation_w;
              if (ix < 0 || ix >= v.in_w) continue;
              const float a =
                  x[((n * v.in_h + iy) * v.in_w + ix) * v.channels + i];
              sum += static_cast<double>(a) *
                     static_cast<double>(
                         w[(ky * c.filter_w + kx) * v.channels + i]);
            }
          }
          t.y.push_back(Clamp(options.activation, sum));
        }
      }
    }
  }
  return t;
}

testing::Message Describe(const Case& c) {
  return testing::Message()
         << c.batch << "x" << c.height << "x" << c.width << "x" << c.channels
         << ", " << c.filter_h << "x" << c.filter_w << " stride " << c.stride
         << " dilation " << c.dilation;
}

void Check(const Case& c, Options options) {
  SCOPED_TRACE(Describe(c));
  Tensors t = Convolve(c, options);
  ExpectClose(
      RunSweep(kPackedDepthwiseConv2DF32, {&t.x, &t.w, &t.bias}, options), t.y,
      static_cast<std::size_t>(c.filter_h * c.filter_w));
}

TEST(PackedDepthwiseConv2D, EqualsADoubleEvaluationAroundEveryTileSize) {
  ForEachTarget([] {
    for (const int channels : {1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 32, 33, 40}) {
      for (const int stride : {1, 2, 3}) {
        Check({1, 5, 7, channels, 3, 3, stride}, {});
        Check({2, 4, 9, channels, 5, 5, stride}, {});
      }
      Check({1, 4, 6, channels, 2, 3, 1, 2}, {});
    }
    for (int width = 1; width <= 16; ++width) {
      for (const int stride : {1, 2}) {
        for (const Padding padding : {Padding::kSame, Padding::kValid}) {
          if (width < 5 && padding == Padding::kValid) continue;
          Check({1, 6, width, 16, 3, 3, stride}, {.padding = padding});
          Check({1, 6, width, 16, 5, 5, stride}, {.padding = padding});
          Check({1, 6, width, 16, 1, 4, stride}, {.padding = padding});
        }
      }
    }
    // The filter is larger than the image.
    Check({1, 2, 3, 18, 7, 7}, {});
  });
}

TEST(PackedDepthwiseConv2D, FusedActivationsClamp) {
  for (const Activation activation :
       {Activation::kRelu, Activation::kReluN1To1, Activation::kRelu6}) {
    Check({1, 5, 6, 20, 3, 3}, {.activation = activation});
    Check({1, 5, 6, 20, 3, 4}, {.activation = activation});
  }
}

TEST(PackedDepthwiseConv2D, WorksWithoutABias) {
  Options options;
  Tensors t = Convolve({1, 5, 6, 20, 3, 3}, options);
  TestTensor zeros =
      TestTensor::Floats({1, {20}}, std::vector<float>(20, 0.0f), true);
  EXPECT_EQ(RunSweep(kPackedDepthwiseConv2DF32, {&t.x, &t.w}, options),
            RunSweep(kPackedDepthwiseConv2DF32, {&t.x, &t.w, &zeros}, options));
}

TEST(PackedDepthwiseConv2D, LeavesADepthMultiplierToTheNextKernel) {
  TestTensor x = SweepTensor({4, {1, 4, 4, 3}}, 1), y;
  TestTensor w = SweepTensor({4, {1, 3, 3, 6}}, 2, true);
  TestTensor odd = SweepTensor({4, {1, 3, 3, 7}}, 2, true);
  KernelRunner run(kPackedDepthwiseConv2DF32);
  EXPECT_EQ(run({&x, &w}, {&y}), StatusCode::kUnimplemented);
  EXPECT_EQ(run({&x, &odd}, {&y}), StatusCode::kInvalidArgument);
}

void CheckFused(const Case& c, int out, bool with_bias) {
  SCOPED_TRACE(Describe(c) << " -> " << out);
  Options options = {.activation = Activation::kRelu6,
                     .second_activation = Activation::kRelu};
  Tensors t = Convolve(c, options);
  TestTensor w2 = SweepTensor({4, {out, 1, 1, c.channels}}, 4, true);
  TestTensor bias2 = SweepTensor({1, {out}}, 5, true);
  std::vector<double> want;
  const auto channels = static_cast<std::size_t>(c.channels);
  for (std::size_t pixel = 0; pixel < t.y.size(); pixel += channels) {
    for (std::size_t o = 0; o < static_cast<std::size_t>(out); ++o) {
      double sum =
          with_bias ? static_cast<double>(bias2.tensor.floats()[o]) : 0.0;
      for (std::size_t i = 0; i < channels; ++i) {
        sum += t.y[pixel + i] *
               static_cast<double>(w2.tensor.floats()[o * channels + i]);
      }
      want.push_back(Clamp(Activation::kRelu, sum));
    }
  }
  ExpectClose(RunSweep(kDepthwisePointwiseF32,
                       {&t.x, &t.w, &t.bias, &w2, with_bias ? &bias2 : nullptr},
                       options),
              want, channels * 9);
}

TEST(DepthwisePointwise, EqualsADoubleEvaluationOfBothConvolutions) {
  ForEachTarget([] {
    for (const int out : {1, 15, 16, 17, 31, 33, 64}) {
      CheckFused({1, 7, 7, 20, 3, 3}, out, true);
      CheckFused({2, 9, 6, 8, 3, 3, 2}, out, false);
    }
    CheckFused({1, 5, 5, 24, 5, 5}, 20, true);
    CheckFused({1, 40, 30, 17, 3, 3}, 9, true);  // several blocks
    CheckFused({3, 3, 2, 1024, 3, 3}, 5, true);  // rows that would collide
  });
}

TEST(DepthwisePointwise, RefusesWeightsThatDoNotFitTheFirstResult) {
  Options options;
  Tensors t = Convolve({1, 5, 6, 8, 3, 3}, options);
  TestTensor w2 = SweepTensor({4, {6, 1, 1, 8}}, 4, true), y;
  TestTensor narrow = SweepTensor({4, {6, 1, 1, 7}}, 4, true);
  TestTensor wide = SweepTensor({4, {6, 1, 2, 8}}, 4, true);
  TestTensor bias2 = SweepTensor({1, {5}}, 5, true);
  KernelRunner run(kDepthwisePointwiseF32);
  EXPECT_EQ(run({&t.x, &t.w, &t.bias, &w2}, {&y}), StatusCode::kOk);
  EXPECT_EQ(run({&t.x, &t.w, &t.bias, &narrow}, {&y}),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(run({&t.x, &t.w, &t.bias, &wide}, {&y}),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(run({&t.x, &t.w, &t.bias, &w2, &bias2}, {&y}),
            StatusCode::kInvalidArgument);
  w2.tensor.is_constant = false;
  EXPECT_EQ(run({&t.x, &t.w, &t.bias, &w2}, {&y}), StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace sotto::runtime
