// The integer filter bank against the real functions that it stands for.

#include <cmath>
#include <vector>

#include "runtime/kernels/signal/kernel_session_test_support.h"

namespace sotto::runtime {

extern const Kernel kSignalFilterBankLogReference, kSignalFilterBankReference,
    kSignalFilterBankSpectralSubtractionReference,
    kSignalFilterBankSquareRootReference, kSignalPcanReference;

namespace {

TestTensor Words(const std::vector<std::uint32_t>& values) {
  return TestTensor::Of<std::uint32_t>(
      ElementType::kUint32, {1, {static_cast<std::int32_t>(values.size())}},
      values);
}
TestTensor Shorts(const std::vector<std::int16_t>& values) {
  return TestTensor::Of<std::int16_t>(
      ElementType::kInt16, {1, {static_cast<std::int32_t>(values.size())}},
      values);
}

TEST(SignalFilterBankTest, EachBinGoesToTwoNeighbours) {
  TestTensor x = Words({4000000000u, 2, 3, 5, 7, 11});
  TestTensor weights = Shorts({1, 2, 3, 4, 32767, 6});
  TestTensor unweights = Shorts({10, 20, 30, 40, 50, 60});
  TestTensor starts = Shorts({0, 2, 5}), firsts = Shorts({0, 2, 5});
  TestTensor widths = Shorts({2, 3, 1});
  TestTensor y = Typed(ElementType::kUint64);
  std::vector<TestTensor*> inputs = {&x,      &weights, &unweights,
                                     &starts, &firsts,  &widths};
  KernelSession session(kSignalFilterBankReference, {{"num_channels", 2}});
  ASSERT_EQ(session.Prepare(inputs, {&y}), StatusCode::kOk) << session.reason();
  ASSERT_EQ(session.Eval(), StatusCode::kOk);
  EXPECT_EQ(y.values<std::uint64_t>(),
            (std::vector<std::uint64_t>{
                40000000000u + 20 * 2 + 3 * 3 + 4 * 5 + 32767 * 7,
                30 * 3 + 40 * 5 + 50 * 7 + 6 * 11}));
  // A band behind the last bin, and one behind the last weight.
  widths.tensor.as<std::int16_t>()[2] = 2;
  EXPECT_EQ(session.Eval(), StatusCode::kInvalidArgument);
  widths.tensor.as<std::int16_t>()[2] = 1;
  firsts.tensor.as<std::int16_t>()[1] = -1;
  EXPECT_EQ(session.Eval(), StatusCode::kInvalidArgument);
  firsts.tensor.as<std::int16_t>()[1] = 4;
  EXPECT_EQ(session.Eval(), StatusCode::kInvalidArgument);
  KernelSession bad(kSignalFilterBankReference, {{"num_channels", 3}});
  EXPECT_EQ(bad.Prepare(inputs, {&y}), StatusCode::kInvalidArgument);
}

TEST(SignalFilterBankSquareRootTest, RootsAreRounded) {
  std::vector<std::uint64_t> values = {
      0, 1,           2,           3,           6,
      7, 4294836224u, 4294967295u, 4294967296u, 0xFFFFFFFFFFFFFFFFu};
  for (std::uint64_t v = 5; v < std::uint64_t{1} << 52; v = v * 3 + 7) {
    values.push_back(v);
  }
  TestTensor x = TestTensor::Of<std::uint64_t>(
      ElementType::kUint64, {1, {static_cast<std::int32_t>(values.size())}},
      values);
  TestTensor bits = TestTensor::Ints({}, {0}, false);
  TestTensor y = Typed(ElementType::kUint32);
  KernelSession session(kSignalFilterBankSquareRootReference, {});
  ASSERT_EQ(session.Prepare({&x, &bits}, {&y}), StatusCode::kOk);
  for (const std::int32_t shift : {0, 3}) {
    *bits.tensor.as<std::int32_t>() = shift;
    ASSERT_EQ(session.Eval(), StatusCode::kOk);
    for (std::size_t i = 0; i < values.size(); ++i) {
      double root = std::floor(std::sqrt(static_cast<double>(values[i])) + 0.5);
      if (values[i] < std::uint64_t{1} << 32) root = std::min(root, 65535.0);
      root = std::min(root, 4294967295.0);
      EXPECT_EQ(y.values<std::uint32_t>()[i],
                static_cast<std::uint32_t>(root) >> shift)
          << values[i];
    }
  }
  *bits.tensor.as<std::int32_t>() = 32;
  EXPECT_EQ(session.Eval(), StatusCode::kInvalidArgument);
}

TEST(SignalSpectralSubtractionTest, TheNoiseFollowsTheSignal) {
  for (const bool clamping : {false, true}) {
    TestTensor x = Words({1000, 2000, 3000});
    TestTensor y = Typed(ElementType::kUint32),
               noise = Typed(ElementType::kUint32);
    const double bits = 16384, smooth[2] = {500 / bits, 1000 / bits};
    KernelSession session(kSignalFilterBankSpectralSubtractionReference,
                          {{"num_channels", 3},
                           {"smoothing", 500},
                           {"one_minus_smoothing", 16384 - 500},
                           {"alternate_smoothing", 1000},
                           {"alternate_one_minus_smoothing", 16384 - 1000},
                           {"smoothing_bits", 10},
                           {"spectral_subtraction_bits", 14},
                           {"min_signal_remaining", 819},
                           {"clamping", clamping}});
    ASSERT_EQ(session.Prepare({&x}, {&y, &noise}), StatusCode::kOk)
        << session.reason();
    double estimate[3] = {};
    for (int run = 0; run < 40; ++run) {
      for (std::uint32_t i = 0; i < 3; ++i) {  // loud, then nearly silent
        x.tensor.as<std::uint32_t>()[i] =
            (run < 30 ? 1000 : 10) * (i + 1) + static_cast<std::uint32_t>(run);
      }
      ASSERT_EQ(session.Eval(), StatusCode::kOk);
      for (std::size_t i = 0; i < 3; ++i) {
        const double signal = x.values<std::uint32_t>()[i];
        estimate[i] =
            signal * smooth[i % 2] + estimate[i] * (1 - smooth[i % 2]);
        const double used = std::min(estimate[i], signal);
        if (clamping) estimate[i] = used;
        EXPECT_NEAR(noise.values<std::uint32_t>()[i] / 1024.0, estimate[i],
                    0.1);
        EXPECT_NEAR(y.values<std::uint32_t>()[i],
                    std::max(signal - used, signal * 819 / bits), 1.01);
      }
    }
  }
}

TEST(SignalFilterBankLogTest, LogarithmsFollowTheirTable) {
  std::vector<std::uint32_t> values = {0, 1, 2, 3, 0x20000000};
  for (std::uint32_t v = 5; v < 1u << 29; v += v / 7 + 1) values.push_back(v);
  TestTensor x = Words(values), y = Typed(ElementType::kInt16);
  KernelSession session(kSignalFilterBankLogReference,
                        {{"input_correction_bits", 2}, {"output_scale", 1600}});
  ASSERT_EQ(session.Prepare({&x}, {&y}), StatusCode::kOk) << session.reason();
  ASSERT_EQ(session.Eval(), StatusCode::kOk);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint32_t scaled = values[i] << 2;
    const double expected =
        scaled > 1 ? std::min(1600 * std::log(double(scaled)), 32767.0) : 0.0;
    // Between two of the 128 entries the table is a step of up to 224 / 65536.
    EXPECT_NEAR(y.values<std::int16_t>()[i], expected, 4.0) << values[i];
  }
}

TEST(SignalPcanTest, GainAndShrinking) {
  // A gain of 2^10 for all noise: constants, no slopes.
  std::vector<std::int16_t> table(125, 0);
  table[0] = table[1] = 1024;
  for (std::size_t i = 2; i < 125; i += 4) table[i] = 1024;
  const std::vector<std::uint32_t> values = {0,    1000,    8191,
                                             8192, 1000000, 4000000000u};
  const std::vector<std::uint32_t> noises = {0, 1, 2, 3, 100000, 4294967295u};
  TestTensor x = Words(values), noise = Words(noises), gains = Shorts(table);
  TestTensor y = Typed(ElementType::kUint32);
  KernelSession session(kSignalPcanReference, {{"snr_shift", 10}});
  ASSERT_EQ(session.Prepare({&x, &noise, &gains}, {&y}), StatusCode::kOk)
      << session.reason();
  ASSERT_EQ(session.Eval(), StatusCode::kOk);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double snr = values[i] / 4096.0;
    const double shrunk = snr < 2 ? snr * snr / 4 : snr - 1;
    EXPECT_NEAR(y.values<std::uint32_t>()[i], shrunk * 64, 1.0) << values[i];
  }
  // A slope: halfway through its interval the gain has grown by half.
  table[4 * 11 - 6 + 1] = 1024;  // noise 1024 to 2047
  TestTensor sloped = Shorts(table);
  KernelSession grown(kSignalPcanReference, {{"snr_shift", 10}});
  TestTensor one = Words({8192}), half = Words({1536});
  ASSERT_EQ(grown.Prepare({&one, &half, &sloped}, {&y}), StatusCode::kOk);
  ASSERT_EQ(grown.Eval(), StatusCode::kOk);
  EXPECT_EQ(y.values<std::uint32_t>()[0], (2 * 1.5 - 1) * 64);
  TestTensor small = Shorts(std::vector<std::int16_t>(124));
  KernelSession bad(kSignalPcanReference, {{"snr_shift", 10}});
  EXPECT_EQ(bad.Prepare({&one, &half, &small}, {&y}),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sotto::runtime
