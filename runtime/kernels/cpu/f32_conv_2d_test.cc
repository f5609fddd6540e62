#include <gtest/gtest.h>

#include "runtime/kernels/activation.h"
#include "runtime/kernels/cpu/f32_sweep_test_support.h"
#include "runtime/kernels/window.h"

namespace sotto::runtime {

extern const Kernel kPackedConv2DF32, kConv2DAddF32;

namespace {

struct Case {
  std::int32_t batch, height, width, channels, out, filter_h, filter_w;
  std::int32_t stride = 1, dilation = 1;
};

struct Tensors {
  TestTensor x, w, bias;
  Window v;
  std::vector<double> y;  // without activation
};

Tensors Convolve(const Case& c, const Options& options, bool with_bias) {
  Tensors t = {
      .x = SweepTensor({4, {c.batch, c.height, c.width, c.channels}}, 1),
      .w = SweepTensor({4, {c.out, c.filter_h, c.filter_w, c.channels}}, 2,
                       true),
      .bias = SweepTensor({1, {c.out}}, 3, true),
      .v = {},
      .y = {}};
  EXPECT_TRUE(
      MakeWindow(t.x.tensor.shape, c.filter_h, c.filter_w, options, &t.v));
  const Window& v = t.v;
  const float *x = t.x.tensor.floats(), *w = t.w.tensor.floats();
  for (int n = 0; n < c.batch; ++n) {
    for (int oy = 0; oy < v.out_h; ++oy) {
      for (int ox = 0; ox < v.out_w; ++ox) {
        for (int o = 0; o < c.out; ++o) {
          double sum = with_bias ? t.bias.tensor.floats()[o] : 0;
          for (int ky = 0; ky < c.filter_h; ++ky) {
            const int iy = oy * v.stride_h - v.pad_top + ky * v.dilation_h;
            if (iy < 0 || iy >= v.in_h) continue;
            for (int kx = 0; kx < c.filter_w; ++kx) {
              const int ix = ox * v.stride_w - v.pad_left + kx * v.dilation_w;
              if (ix < 0 || ix >= v.in_w) continue;
              const float* a =
                  x + ((n * v.in_h + iy) * v.in_w + ix) * v.channels;
              const float* b =
                  w + ((o * c.filter_h + ky) * c.filter_w + kx) * v.channels;
              for (int i = 0; i < v.channels; ++i) {
                sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
              }
            }
          }
          t.y.push_back(sum);
        }
      }
    }
  }
  return t;
}

double Clamp(Activation activation, double value) {
  const ClampRange range = RangeOf(activation);
  return std::min<double>(std::max<double>(value, range.low), range.high);
}

void Check(const Case& c, Options options, bool with_bias) {
  SCOPED_TRACE(testing::Message()
               << c.batch << "x" << c.height << "x" << c.width << "x"
               << c.channels << " -> " << c.out << ", " << c.filter_h << "x"
               << c.filter_w << " stride " << c.stride << " dilation "
               << c.dilation << " padding "
               << static_cast<int>(options.padding));
  options.stride_h = options.stride_w = c.stride;
  options.dilation_h = options.dilation_w = c.dilation;
  Tensors t = Convolve(c, options, with_bias);
  for (double& y : t.y) y = Clamp(options.activation, y);
  ExpectClose(RunSweep(kPackedConv2DF32,
                       {&t.x, &t.w, with_bias ? &t.bias : nullptr}, options),
              t.y, t.v.PatchSize());
}

TEST(PackedConv2D, PointwiseEqualsADoubleEvaluationAroundEveryTileSize) {
  ForEachTarget([] {
    for (const int pixels : {1, 2, 5, 6, 7, 13, 14, 15, 27, 29, 49, 130}) {
      for (const int out : {1, 7, 8, 15, 16, 17, 31, 32, 33, 49, 64}) {
        Check({1, 1, pixels, 9, out, 1, 1}, {}, pixels % 2 == 0);
      }
    }
    for (const int depth : {1, 2, 15, 16, 17, 33, 1024}) {
      Check({1, 3, 5, depth, 20, 1, 1}, {}, true);
      Check({1, 1, 1, depth, 20, 1, 1}, {}, true);
    }
    Check({3, 11, 5, 1024, 3, 1, 1}, {}, true);  // several blocks
  });
}

TEST(PackedConv2D, ImagesOfFewChannelsEqualADoubleEvaluation) {
  ForEachTarget([] {
    for (const int out : {1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32, 33, 57}) {
      Check({2, 5, 15, 3, out, 3, 3}, {}, out % 2 == 0);
      Check({1, 6, 19, 1, out, 5, 5, 2}, {}, out % 2 == 1);
    }
    for (int width = 3; width <= 44; ++width) {
      for (const Padding padding : {Padding::kSame, Padding::kValid}) {
        Check({1, 4, width, 1, 8, 3, 3}, {.padding = padding}, true);
        Check({1, 4, width, 2, 20, 3, 2, 2}, {.padding = padding}, true);
      }
    }
    // Rows of x that no row of y reads, and a filter larger than the image.
    Check({3, 10, 30, 2, 8, 1, 2, 3}, {.activation = Activation::kRelu6}, true);
    Check({2, 3, 16, 2, 8, 7, 9}, {.activation = Activation::kRelu}, true);
  });
}

TEST(PackedConv2D, WindowsEqualADoubleEvaluation) {
  ForEachTarget([] {
    for (const Padding padding : {Padding::kSame, Padding::kValid}) {
      const Options options = {.padding = padding};
      for (const int channels : {1, 3, 31, 32, 35}) {
        for (const int stride : {1, 2, 3}) {
          Check({2, 9, 8, channels, 19, 3, 3, stride}, options, true);
          Check({1, 7, 11, channels, 5, 2, 5, stride}, options, false);
          Check({1, 9, 7, channels, 33, 1, 1, stride}, options, true);
        }
        Check({1, 11, 12, channels, 4, 3, 3, 1, 2}, options, true);
        Check({1, 9, 13, channels, 4, 3, 2, 2, 3}, options, true);
      }
      Check({1, 30, 31, 3, 8, 3, 3, 2}, options, true);
    }
    // A filter wider than the image.
    Check({1, 3, 2, 2, 3, 7, 7}, {}, true);
    Check({1, 3, 2, 40, 3, 7, 7}, {}, true);
  });
}

TEST(PackedConv2D, FusedActivationsClamp) {
  for (const Activation activation :
       {Activation::kNone, Activation::kRelu, Activation::kReluN1To1,
        Activation::kRelu6}) {
    const Options options = {.activation = activation};
    Check({1, 4, 4, 40, 21, 1, 1}, options, true);
    Check({1, 1, 1, 40, 21, 1, 1}, options, true);
    Check({1, 4, 4, 40, 21, 3, 3}, options, true);
  }
}

TEST(Conv2DAdd, AddsAndClampsTwiceInPlaceOrNot) {
  ForEachTarget([] {
    for (const int out : {5, 16, 24, 32, 40}) {
      for (const int filter : {1, 3}) {
        const Options options = {.activation = Activation::kRelu6,
                                 .second_activation = Activation::kRelu};
        const Case c = {1, 5, 6, 20, out, filter, filter};
        Tensors t = Convolve(c, options, true);
        TestTensor addend = SweepTensor({4, {1, 5, 6, out}}, 4);
        for (std::size_t i = 0; i < t.y.size(); ++i) {
          t.y[i] = Clamp(Activation::kRelu,
                         Clamp(Activation::kRelu6, t.y[i]) +
                             static_cast<double>(addend.tensor.floats()[i]));
        }
        for (const bool in_place : {false, true}) {
          ExpectClose(RunSweep(kConv2DAddF32, {&t.x, &t.w, &t.bias, &addend},
                               options, in_place),
                      t.y, t.v.PatchSize());
        }
      }
    }
  });
}

TEST(Conv2DAdd, RefusesAnAddendOfAnotherShape) {
  Tensors t = Convolve({1, 5, 6, 4, 8, 1, 1}, {}, true);
  TestTensor good = SweepTensor({4, {1, 5, 6, 8}}, 4);
  TestTensor bad = SweepTensor({4, {1, 6, 5, 8}}, 4);
  TestTensor y;
  KernelRunner run(kConv2DAddF32);
  EXPECT_EQ(run({&t.x, &t.w, &t.bias, &good}, {&y}), StatusCode::kOk);
  EXPECT_EQ(run({&t.x, &t.w, &t.bias, &bad}, {&y}),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(run({&t.x, &t.w, &t.bias, nullptr}, {&y}),
            StatusCode::kInvalidArgument);
}

TEST(PackedConv2D, LeavesWhatItCannotDoToTheNextKernel) {
  Tensors t = Convolve({1, 5, 6, 4, 8, 3, 3}, {}, true);
  TestTensor y;
  KernelRunner run(kPackedConv2DF32);
  EXPECT_EQ(run({&t.x, &t.w, &t.bias}, {&y}), StatusCode::kOk);
  EXPECT_EQ(run({&t.x, &t.w, &t.bias}, {&y}, {.activation = Activation::kTanh}),
            StatusCode::kUnimplemented);
  EXPECT_EQ(run({&t.x, &t.w, &t.bias}, {&y}, {.stride_w = 0}),
            StatusCode::kUnimplemented);
  TestTensor grouped = SweepTensor({4, {8, 3, 3, 2}}, 2, true);
  EXPECT_EQ(run({&t.x, &grouped, &t.bias}, {&y}), StatusCode::kUnimplemented);
  TestTensor mismatched = SweepTensor({4, {8, 3, 3, 3}}, 2, true);
  EXPECT_EQ(run({&t.x, &mismatched, &t.bias}, {&y}),
            StatusCode::kInvalidArgument);
  TestTensor short_bias = SweepTensor({1, {7}}, 2, true);
  EXPECT_EQ(run({&t.x, &t.w, &short_bias}, {&y}), StatusCode::kInvalidArgument);
  t.w.tensor.is_constant = false;
  EXPECT_EQ(run({&t.x, &t.w, &t.bias}, {&y}), StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace sotto::runtime
