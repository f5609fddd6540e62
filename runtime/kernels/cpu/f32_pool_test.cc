#include <gtest/gtest.h>

#include "runtime/kernels/activation.h"
#include "runtime/kernels/cpu/f32_sweep_test_support.h"
#include "runtime/kernels/window.h"

namespace sotto::runtime {

extern const Kernel kVectorAveragePool2DF32, kVectorMaxPool2DF32;

namespace {

void Check(const Shape& shape, const Options& options) {
  SCOPED_TRACE(testing::Message()
               << shape[1] << "x" << shape[2] << "x" << shape[3] << " filter "
               << options.filter_h << "x" << options.filter_w << " stride "
               << options.stride_h);
  TestTensor x = SweepTensor(shape, 3);
  Window v = {};
  ASSERT_TRUE(
      MakeWindow(shape, options.filter_h, options.filter_w, options, &v));
  const ClampRange range = RangeOf(options.activation);
  std::vector<double> average, maximum;
  for (int n = 0; n < shape[0]; ++n) {
    for (int oy = 0; oy < v.out_h; ++oy) {
      for (int ox = 0; ox < v.out_w; ++ox) {
        for (int c = 0; c < v.channels; ++c) {
          double sum = 0, high = -1e30;
          int count = 0;
          for (int ky = 0; ky < v.filter_h; ++ky) {
            for (int kx = 0; kx < v.filter_w; ++kx) {
              const int iy = oy * v.stride_h - v.pad_top + ky;
              const int ix = ox * v.stride_w - v.pad_left + kx;
              if (iy < 0 || ix < 0 || iy >= v.in_h || ix >= v.in_w) continue;
              const double value =
                  x.tensor
                      .floats()[((n * v.in_h + iy) * v.in_w + ix) * v.channels +
                                c];
              sum += value;
              high = std::max(high, value);
              ++count;
            }
          }
          average.push_back(
              std::clamp<double>(sum / count, range.low, range.high));
          maximum.push_back(std::clamp<double>(high, range.low, range.high));
        }
      }
    }
  }
  ExpectClose(RunSweep(kVectorAveragePool2DF32, {&x}, options), average, 1);
  ExpectClose(RunSweep(kVectorMaxPool2DF32, {&x}, options), maximum, 1);
}

TEST(VectorPool, EqualsADoubleEvaluation) {
  ForEachTarget([] {
    for (const int channels : {1, 3, 4, 5, 8, 15, 16, 17, 33}) {
      for (const int stride : {1, 2, 3}) {
        for (const Padding padding : {Padding::kSame, Padding::kValid}) {
          Options o = {.padding = padding};
          o.stride_h = o.stride_w = stride;
          o.filter_h = o.filter_w = 2;
          Check({4, {2, 5, 6, channels}}, o);
          o.filter_w = 3;
          o.activation = Activation::kRelu;
          Check({4, {1, 7, 7, channels}}, o);
        }
      }
      Options whole = {.padding = Padding::kValid};
      whole.filter_h = whole.filter_w = 7;
      Check({4, {1, 7, 7, channels}}, whole);
    }
  });
}

}  // namespace
}  // namespace sotto::runtime
