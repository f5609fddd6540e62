// Resizing against a double evaluation of the positions.

#include <algorithm>
#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/kernel_runner.h"

namespace sotto::runtime {

extern const Kernel kResizeBilinearReference, kResizeNearestNeighborReference;

namespace {

constexpr std::int32_t kChannels = 3, kBatch = 2;

struct Sizes {
  std::int32_t in_h, in_w, out_h, out_w;
};
const Sizes kSizes[] = {{3, 4, 6, 8}, {4, 4, 3, 5}, {1, 1, 4, 2},
                        {7, 5, 1, 1}, {5, 6, 5, 6}, {2, 3, 9, 7}};

template <typename T>
std::vector<T> Pixels(const Sizes& s, int low, int span) {
  std::vector<T> values(
      static_cast<std::size_t>(kBatch * s.in_h * s.in_w * kChannels));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<T>(low + static_cast<int>(i * 7919) % span);
  }
  return values;
}

double Scale(std::int32_t in, std::int32_t out, const Options& options) {
  return options.align_corners && out > 1 ? double{in - 1.0} / (out - 1.0)
                                          : static_cast<double>(in) / out;
}

// The value at a real position, coordinates held inside the image.
template <typename T>
double Sample(const std::vector<T>& x, const Sizes& s, std::int32_t n, double v,
              double h, std::int32_t c) {
  const auto pixel = [&](double row, double column) {
    const auto r =
        static_cast<std::int32_t>(std::clamp(row, 0.0, s.in_h - 1.0));
    const auto k =
        static_cast<std::int32_t>(std::clamp(column, 0.0, s.in_w - 1.0));
    return static_cast<double>(x[static_cast<std::size_t>(
        ((n * s.in_h + r) * s.in_w + k) * kChannels + c)]);
  };
  const double row = std::floor(v), column = std::floor(h);
  const double dv = v - row, dh = h - column;
  return (pixel(row, column) * (1 - dh) + pixel(row, column + 1) * dh) *
             (1 - dv) +
         (pixel(row + 1, column) * (1 - dh) + pixel(row + 1, column + 1) * dh) *
             dv;
}

template <typename T>
void CheckBilinear(ElementType type, int low, int span, double tolerance) {
  for (const Sizes& s : kSizes) {
    for (const int mode : {0, 1, 2}) {
      for (const bool constant : {false, true}) {
        Options options;
        options.align_corners = mode == 1;
        options.half_pixel_centers = mode == 2;
        const auto values = Pixels<T>(s, low, span);
        TestTensor x = TestTensor::Of<T>(
            type, {4, {kBatch, s.in_h, s.in_w, kChannels}}, values);
        TestTensor size =
            TestTensor::Ints({1, {2}}, {s.out_h, s.out_w}, constant);
        TestTensor y;
        y.tensor.type = type;
        KernelRunner run(kResizeBilinearReference);
        ASSERT_EQ(run({&x, &size}, {&y}, options), StatusCode::kOk)
            << run.reason();
        ASSERT_EQ(y.tensor.shape,
                  (Shape{4, {kBatch, s.out_h, s.out_w, kChannels}}));
        const auto got = y.values<T>();
        std::size_t at = 0;
        const double shift = options.half_pixel_centers ? 0.5 : 0.0;
        for (std::int32_t n = 0; n < kBatch; ++n) {
          for (std::int32_t i = 0; i < s.out_h; ++i) {
            for (std::int32_t j = 0; j < s.out_w; ++j) {
              for (std::int32_t c = 0; c < kChannels; ++c, ++at) {
                const double expected = Sample(
                    values, s, n,
                    (i + shift) * Scale(s.in_h, s.out_h, options) - shift,
                    (j + shift) * Scale(s.in_w, s.out_w, options) - shift, c);
                ASSERT_NEAR(got[at], expected, tolerance)
                    << s.in_h << "x" << s.in_w << " to " << s.out_h << "x"
                    << s.out_w << " mode " << mode;
              }
            }
          }
        }
      }
    }
  }
}

TEST(ResizeBilinearTest, EveryTypeAndModeFollowsTheRealPositions) {
  CheckBilinear<float>(ElementType::kFloat32, -100, 200, 1e-3);
  CheckBilinear<std::uint8_t>(ElementType::kUint8, 0, 256, 0.51);
  // Ten fractional bits of the position: more where rows differ much.
  CheckBilinear<std::int8_t>(ElementType::kInt8, -128, 256, 1.5);
  CheckBilinear<std::int16_t>(ElementType::kInt16, -1000, 2000, 8.0);
}

TEST(ResizeNearestNeighborTest, EachPixelIsTheNearestOne) {
  for (const Sizes& s : kSizes) {
    for (const int mode : {0, 1, 2, 3}) {
      Options options;
      options.align_corners = (mode & 1) != 0;
      options.half_pixel_centers = (mode & 2) != 0;
      const auto values = Pixels<std::int16_t>(s, -1000, 2000);
      TestTensor x = TestTensor::Of<std::int16_t>(
          ElementType::kInt16, {4, {kBatch, s.in_h, s.in_w, kChannels}},
          values);
      TestTensor size =
          TestTensor::Ints({1, {2}}, {s.out_h, s.out_w}, mode != 0);
      TestTensor y;
      y.tensor.type = ElementType::kInt16;
      KernelRunner run(kResizeNearestNeighborReference);
      ASSERT_EQ(run({&x, &size}, {&y}, options), StatusCode::kOk)
          << run.reason();
      const auto got = y.values<std::int16_t>();
      const auto place = [&](std::int32_t i, std::int32_t in,
                             std::int32_t out) {
        const double at = (i + (options.half_pixel_centers ? 0.5 : 0.0)) *
                          Scale(in, out, options);
        return std::clamp(static_cast<std::int32_t>(
                              options.align_corners ? std::floor(at + 0.5)
                                                    : std::floor(at + 1e-6)),
                          0, in - 1);
      };
      std::size_t at = 0;
      for (std::int32_t n = 0; n < kBatch; ++n) {
        for (std::int32_t i = 0; i < s.out_h; ++i) {
          for (std::int32_t j = 0; j < s.out_w; ++j) {
            for (std::int32_t c = 0; c < kChannels; ++c, ++at) {
              const std::int32_t row = place(i, s.in_h, s.out_h);
              const std::int32_t column = place(j, s.in_w, s.out_w);
              ASSERT_EQ(
                  got[at],
                  values[static_cast<std::size_t>(
                      ((n * s.in_h + row) * s.in_w + column) * kChannels + c)])
                  << "mode " << mode;
            }
          }
        }
      }
    }
  }
}

TEST(ResizeTest, SizesThatAreNotPositiveAndBothModesAreRefused) {
  TestTensor x = TestTensor::Floats({4, {1, 2, 2, 1}}, {1, 2, 3, 4}), y;
  for (const bool constant : {false, true}) {
    for (const std::int32_t bad : {0, -1}) {
      TestTensor size = TestTensor::Ints({1, {2}}, {3, bad}, constant);
      KernelRunner bilinear(kResizeBilinearReference);
      EXPECT_EQ(bilinear({&x, &size}, {&y}), StatusCode::kInvalidArgument);
      KernelRunner nearest(kResizeNearestNeighborReference);
      EXPECT_EQ(nearest({&x, &size}, {&y}), StatusCode::kInvalidArgument);
    }
  }
  TestTensor size = TestTensor::Ints({1, {2}}, {3, 3});
  Options options;
  options.align_corners = options.half_pixel_centers = true;
  KernelRunner run(kResizeBilinearReference);
  EXPECT_EQ(run({&x, &size}, {&y}, options), StatusCode::kInvalidArgument);
  TestTensor empty = TestTensor::Floats({4, {1, 0, 2, 1}}, {});
  EXPECT_EQ(run({&empty, &size}, {&y}), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sotto::runtime
