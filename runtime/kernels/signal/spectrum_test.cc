// Transforms against the sums that define them, in double precision.

#include <cmath>
#include <complex>
#include <vector>

#include "runtime/kernels/signal/kernel_session_test_support.h"

namespace sotto::runtime {

extern const Kernel kRfft2DReference, kSignalEnergyReference,
    kSignalFftAutoScaleReference, kSignalIrfftReference, kSignalRfftReference;

namespace {

constexpr double kPi = 3.14159265358979323846;

std::vector<double> Noise(std::size_t size, double height) {
  std::vector<double> values(size);
  std::uint32_t seed = 1;
  for (double& v : values) {
    seed = seed * 1664525 + 1013904223;
    v = (seed / 2147483648.0 - 1.0) * height;
  }
  return values;
}

// Bin k of the transform of x filled up to `length`.
std::complex<double> Bin(const std::vector<double>& x, std::size_t length,
                         std::size_t k) {
  std::complex<double> sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sum +=
        x[i] * std::polar(1.0, -2 * kPi * static_cast<double>(i * k % length) /
                                   static_cast<double>(length));
  }
  return sum;
}

template <typename T>
std::vector<T> Rounded(const std::vector<double>& values) {
  std::vector<T> rounded;
  for (const double v : values) {
    rounded.push_back(std::is_integral_v<T> ? static_cast<T>(std::lround(v))
                                            : static_cast<T>(v));
  }
  return rounded;
}

// Two rows of signals shorter than the transform.
template <typename T>
void CheckForward(ElementType type, double height, bool divided,
                  double tolerance) {
  for (std::size_t length = 4; length <= 2048; length *= 2) {
    const std::size_t size = length - 1;
    const auto stored = Rounded<T>(Noise(2 * size, height));
    TestTensor x = TestTensor::Of<T>(
        type, {2, {2, static_cast<std::int32_t>(size)}}, stored);
    TestTensor y = Typed(type);
    KernelSession session(kSignalRfftReference,
                          {{"fft_length", static_cast<std::int64_t>(length)}});
    ASSERT_EQ(session.Prepare({&x}, {&y}), StatusCode::kOk) << session.reason();
    ASSERT_EQ(y.tensor.shape,
              (Shape{2, {2, static_cast<std::int32_t>(length + 2)}}));
    ASSERT_EQ(session.Eval(), StatusCode::kOk);
    const auto got = y.values<T>();
    const double scale = divided ? 1.0 / static_cast<double>(length) : 1.0;
    for (std::size_t row = 0; row < 2; ++row) {
      const std::vector<double> signal(
          stored.begin() + static_cast<std::ptrdiff_t>(row * size),
          stored.begin() + static_cast<std::ptrdiff_t>((row + 1) * size));
      for (std::size_t k = 0; k <= length / 2; ++k) {
        const auto expected = Bin(signal, length, k) * scale;
        const std::size_t at = row * (length + 2) + 2 * k;
        ASSERT_NEAR(got[at], expected.real(), tolerance) << length << " " << k;
        ASSERT_NEAR(got[at + 1], expected.imag(), tolerance);
      }
    }
  }
}

TEST(SignalRfftTest, EveryTypeFollowsTheSum) {
  CheckForward<float>(ElementType::kFloat32, 1.0, false, 1e-4);
  CheckForward<std::int16_t>(ElementType::kInt16, 20000, true, 4);
  CheckForward<std::int32_t>(ElementType::kInt32, 1e9, true, 8);
}

TEST(SignalRfftTest, ExtremeInputsStayDefined) {
  TestTensor x = TestTensor::Of<std::int32_t>(
      ElementType::kInt32, {1, {64}},
      std::vector<std::int32_t>(64, -2147483647 - 1));
  TestTensor y = Typed(ElementType::kInt32);
  KernelSession session(kSignalRfftReference, {{"fft_length", 64}});
  ASSERT_EQ(session.Prepare({&x}, {&y}), StatusCode::kOk);
  ASSERT_EQ(session.Eval(), StatusCode::kOk);
  EXPECT_NEAR(y.values<std::int32_t>()[0], -2147483648.0, 16);
}

// An impulse of 2^14 over 64 samples is 2^14 / 64 in every bin, and back.
TEST(SignalRfftTest, AnImpulseIsExactBothWays) {
  std::vector<std::int16_t> impulse(64);
  impulse[0] = 16384;
  TestTensor x =
      TestTensor::Of<std::int16_t>(ElementType::kInt16, {1, {64}}, impulse);
  TestTensor y = Typed(ElementType::kInt16), back = Typed(ElementType::kInt16);
  KernelSession forward(kSignalRfftReference, {{"fft_length", 64}});
  ASSERT_EQ(forward.Prepare({&x}, {&y}), StatusCode::kOk);
  ASSERT_EQ(forward.Eval(), StatusCode::kOk);
  std::vector<std::int16_t> flat;
  for (int i = 0; i < 33; ++i) flat.insert(flat.end(), {256, 0});
  EXPECT_EQ(y.values<std::int16_t>(), flat);
  KernelSession inverse(kSignalIrfftReference, {{"fft_length", 64}});
  ASSERT_EQ(inverse.Prepare({&y}, {&back}), StatusCode::kOk);
  ASSERT_EQ(inverse.Eval(), StatusCode::kOk);
  impulse[0] = 256;
  EXPECT_EQ(back.values<std::int16_t>(), impulse);
}

template <typename T>
void CheckInverse(ElementType type, double height, double tolerance) {
  for (std::size_t length = 4; length <= 512; length *= 2) {
    const auto signal = Noise(length, height);
    std::vector<double> parts;
    for (std::size_t k = 0; k <= length / 2; ++k) {
      const auto bin = Bin(signal, length, k);
      parts.push_back(bin.real());
      parts.push_back(k % (length / 2) == 0 ? 0.0 : bin.imag());
    }
    TestTensor x = TestTensor::Of<T>(
        type, {1, {static_cast<std::int32_t>(length + 2)}}, Rounded<T>(parts));
    TestTensor y = Typed(type);
    KernelSession session(kSignalIrfftReference,
                          {{"fft_length", static_cast<std::int64_t>(length)}});
    ASSERT_EQ(session.Prepare({&x}, {&y}), StatusCode::kOk) << session.reason();
    ASSERT_EQ(session.Eval(), StatusCode::kOk);
    for (std::size_t i = 0; i < length; ++i) {
      ASSERT_NEAR(y.values<T>()[i], signal[i], tolerance) << length;
    }
  }
}

TEST(SignalIrfftTest, TheSignalComesBack) {
  CheckInverse<float>(ElementType::kFloat32, 1.0, 1e-5);
  CheckInverse<std::int32_t>(ElementType::kInt32, 1e6, 8);
  CheckInverse<std::int16_t>(ElementType::kInt16, 300, 8);
}

TEST(SignalRfftTest, OtherLengthsAreRefused) {
  TestTensor x = TestTensor::Floats({1, {8}}, std::vector<float>(8));
  for (const auto& [length, code] :
       std::vector<std::pair<std::int64_t, StatusCode>>{
           {8, StatusCode::kOk},
           {4, StatusCode::kInvalidArgument},  // shorter than x
           {12, StatusCode::kUnimplemented},
           {1 << 20, StatusCode::kUnimplemented},
           {-8, StatusCode::kInvalidArgument}}) {
    TestTensor y;
    KernelSession session(kSignalRfftReference, {{"fft_length", length}});
    EXPECT_EQ(session.Prepare({&x}, {&y}), code) << length;
  }
  TestTensor y;
  KernelSession none(kSignalRfftReference, {});
  EXPECT_EQ(none.Prepare({&x}, {&y}), StatusCode::kInvalidArgument);
}

TEST(Rfft2DTest, ImagesAreCutOrFilledUp) {
  for (const std::int32_t h : {1, 2, 4, 8}) {
    for (const std::int32_t w : {1, 2, 4, 16}) {
      constexpr std::int32_t kHeight = 3, kWidth = 5;
      const auto values = Noise(2 * kHeight * kWidth, 1.0);
      TestTensor x =
          TestTensor::Floats({3, {2, kHeight, kWidth}}, Rounded<float>(values));
      TestTensor length = TestTensor::Ints({1, {2}}, {h, w});
      TestTensor y = Typed(ElementType::kComplex64);
      KernelRunner run(kRfft2DReference);
      ASSERT_EQ(run({&x, &length}, {&y}), StatusCode::kOk) << run.reason();
      ASSERT_EQ(y.tensor.shape, (Shape{3, {2, h, w / 2 + 1}}));
      const float* got = y.tensor.floats();
      for (std::int32_t n = 0; n < 2; ++n) {
        for (std::int32_t u = 0; u < h; ++u) {
          for (std::int32_t v = 0; v <= w / 2; ++v, got += 2) {
            std::complex<double> sum = 0;
            for (std::int32_t i = 0; i < std::min(h, kHeight); ++i) {
              for (std::int32_t j = 0; j < std::min(w, kWidth); ++j) {
                sum += values[static_cast<std::size_t>(
                           (n * kHeight + i) * kWidth + j)] *
                       std::polar(
                           1.0,
                           -2 * kPi * (double(u) * i / h + double(v) * j / w));
              }
            }
            ASSERT_NEAR(got[0], sum.real(), 1e-5) << h << "x" << w;
            ASSERT_NEAR(got[1], sum.imag(), 1e-5);
          }
        }
      }
    }
  }
}

TEST(Rfft2DTest, LengthsThatAreNoPowersOfTwoAreRefused) {
  TestTensor x = TestTensor::Floats({2, {1, 4}}, {1, 2, 3, 4});
  TestTensor y = Typed(ElementType::kComplex64);
  KernelRunner run(kRfft2DReference);
  TestTensor three = TestTensor::Ints({1, {2}}, {1, 3});
  EXPECT_EQ(run({&x, &three}, {&y}), StatusCode::kUnimplemented);
  TestTensor zero = TestTensor::Ints({1, {2}}, {0, 4});
  EXPECT_EQ(run({&x, &zero}, {&y}), StatusCode::kInvalidArgument);
}

TEST(SignalFftAutoScaleTest, TheLargestMagnitudeFillsTheBits) {
  const std::vector<std::pair<std::vector<std::int16_t>, std::int32_t>> cases =
      {{{3, -5, 1}, 12}, {{-16384, 2, 2}, 0}, {{8191, 0, -8192}, 1},
       {{0, 0, 0}, 0},   {{32767, 1, 1}, 0},  {{-1, 0, 1}, 14}};
  for (const auto& [values, bits] : cases) {
    TestTensor x =
        TestTensor::Of<std::int16_t>(ElementType::kInt16, {1, {3}}, values);
    TestTensor y = Typed(ElementType::kInt16), b = Typed(ElementType::kInt32);
    KernelSession session(kSignalFftAutoScaleReference, {});
    ASSERT_EQ(session.Prepare({&x}, {&y, &b}), StatusCode::kOk);
    ASSERT_EQ(session.Eval(), StatusCode::kOk);
    EXPECT_EQ(b.values<std::int32_t>()[0], bits) << values[0];
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(y.values<std::int16_t>()[i], values[i] * (1 << bits));
    }
  }
}

TEST(SignalEnergyTest, BinsOutsideTheRangeAreZero) {
  TestTensor x = TestTensor::Of<std::int16_t>(
      ElementType::kInt16, {1, {8}}, {1, 2, 3, -4, -32768, -32768, 5, 6});
  TestTensor y = Typed(ElementType::kUint32);
  KernelSession session(kSignalEnergyReference,
                        {{"start_index", 1}, {"end_index", 3}});
  ASSERT_EQ(session.Prepare({&x}, {&y}), StatusCode::kOk) << session.reason();
  ASSERT_EQ(session.Eval(), StatusCode::kOk);
  EXPECT_EQ(y.values<std::uint32_t>(),
            (std::vector<std::uint32_t>{0, 25, 2147483648u, 0}));
  KernelSession bad(kSignalEnergyReference,
                    {{"start_index", 1}, {"end_index", 5}});
  EXPECT_EQ(bad.Prepare({&x}, {&y}), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sotto::runtime
