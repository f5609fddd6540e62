#include "privacy/distributed/noisy_encoding.h"

#include <cmath>

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::privacy {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// The specification's example: sensitivity 1.0087179983, noise 5.
const NoisyEncodingParams kGood = {.noise = IntegerNoise::kDiscreteGaussian,
                                   .dimension = 1 << 16,
                                   .clip = 1,
                                   .scale = 1000,
                                   .bits = 24,
                                   .central_std = 5,
                                   .num_devices = 1000,
                                   .min_devices = 1000,
                                   .corrupted_fraction = 0};

TEST(NoisyEncodingTest, TheSpecificationsExampleHasItsSensitivity) {
  const NoisyEncoding encoding = NoisyEncoding::Create(kGood).value();
  EXPECT_EQ(encoding.honest_devices(), 1000u);
  EXPECT_NEAR(
      std::sqrt(static_cast<double>(encoding.max_squared_norm())) / 1000,
      1.0087179983, 1e-6);
  const RoundedSensitivity sensitivity =
      SensitivityAfterRounding(encoding.accounting()).value();
  EXPECT_NEAR(sensitivity.l2, 1.0087179983, 1e-9);
  EXPECT_NEAR(sensitivity.l1, 258.2318075683, 1e-7);
  EXPECT_NEAR(DistributedNoiseRdp(encoding.accounting(), 2).value(), 0.04070048,
              1e-8);
  // 5 units are 5000 steps, over 1000 devices.
  EXPECT_DOUBLE_EQ(encoding.local_variance()->value(), 25000);
}

TEST(NoisyEncodingTest, DevicesShareTheNoiseAmongTheHonestOnesLeft) {
  NoisyEncodingParams params = kGood;
  params.min_devices = 700;
  params.corrupted_fraction = 0.1;  // of 1000, so 100
  const NoisyEncoding encoding = NoisyEncoding::Create(params).value();
  EXPECT_EQ(encoding.honest_devices(), 600u);
  EXPECT_GE(encoding.local_variance()->value() * 600, 25e6);
  EXPECT_LT(encoding.local_variance()->value() * 600, 25e6 * 1.0001);
}

TEST(NoisyEncodingTest, RoundingDoesNotTakeACorruptedDeviceForAnHonestOne) {
  NoisyEncodingParams params = kGood;
  params.num_devices = params.min_devices = 100;
  params.corrupted_fraction = 0.29;  // 28.999... of them in binary
  EXPECT_EQ(NoisyEncoding::Create(params)->honest_devices(), 71u);
}

TEST(NoisyEncodingTest, TooCoarseAScaleIsRefusedWithOneThatWouldDo) {
  NoisyEncodingParams params = kGood;
  params.dimension = 1 << 20;
  params.scale = 100;  // sensitivity 5.2226
  EXPECT_THAT(NoisyEncoding::Create(params),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("5.22")));
  params.scale = 2000;
  EXPECT_THAT(NoisyEncoding::Create(params), IsOk());
}

TEST(NoisyEncodingTest, BitsThatDoNotHoldTheSumAreRefusedWithTheNumbers) {
  // 2 K sqrt((c s n)^2 / d + n/4 + n sigma_l^2) with K = 4 is 2^15.69.
  const double needed = 8 * std::sqrt(1e12 / 65536 + 250 + 25e6);
  ASSERT_GT(needed, 1 << 15);
  ASSERT_LT(needed, 1 << 16);
  NoisyEncodingParams params = kGood;
  params.bits = 16;
  EXPECT_THAT(NoisyEncoding::Create(params), IsOk());
  params.bits = 15;
  EXPECT_THAT(NoisyEncoding::Create(params),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("2^15"), HasSubstr("16 bits"),
                             HasSubstr(std::to_string(
                                 static_cast<int>(std::round(needed)))))));
}

TEST(NoisyEncodingTest, TheLargestScaleIsTheLastThatIsAccepted) {
  NoisyEncodingParams params = kGood;
  params.bits = 20;
  params.scale = LargestScale(params).value();
  EXPECT_THAT(NoisyEncoding::Create(params), IsOk());
  params.scale *= 1.002;
  EXPECT_THAT(NoisyEncoding::Create(params),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("2^20")));
}

TEST(NoisyEncodingTest, NoiseBelowHalfAStepIsRefused) {
  NoisyEncodingParams params = kGood;
  params.central_std = 0.01;  // 10 steps, 0.316 on each of 1000
  EXPECT_THAT(
      NoisyEncoding::Create(params),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("half a step")));
}

TEST(NoisyEncodingTest, CreateNamesTheFieldThatIsOutOfRange) {
  const auto expect = [](auto spoil, const char* field) {
    NoisyEncodingParams params = kGood;
    spoil(params);
    EXPECT_THAT(NoisyEncoding::Create(params),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(field)));
  };
  expect([](auto& p) { p.dimension = 0; }, "dimension");
  expect([](auto& p) { p.clip = 0; }, "clip");
  expect([](auto& p) { p.scale = NAN; }, "scale");
  expect([](auto& p) { p.scale = 0x1p32; }, "clip times scale");
  expect([](auto& p) { p.bits = 33; }, "bits");
  expect([](auto& p) { p.num_devices = 0; }, "devices");
  expect([](auto& p) { p.min_devices = 1001; }, "fewest devices");
  expect([](auto& p) { p.corrupted_fraction = 1; }, "corrupted fraction");
  expect([](auto& p) { p.corrupted_fraction = NAN; }, "corrupted fraction");
  expect([](auto& p) { p.wrap_stds = 2; }, "wrap_stds");
  expect([](auto& p) { p.central_std = 0; }, "central std");
  expect([](auto& p) { p.noise.reset(); }, "central std");
  expect(
      [](auto& p) {
        p.min_devices = 500;
        p.corrupted_fraction = 0.5;
      },
      "no honest device");
}

TEST(NoisyEncodingTest, TheWrapBoundFallsWithEveryBitAndHoldsForBothNoises) {
  for (const IntegerNoise noise :
       {IntegerNoise::kDiscreteGaussian, IntegerNoise::kSkellam}) {
    NoisyEncodingParams params = kGood;
    params.noise = noise;
    double previous = 0;
    for (std::uint32_t bits = 16; bits <= 20; ++bits) {
      params.bits = bits;
      const double bound =
          NoisyEncoding::Create(params).value().LogWrapProbability();
      EXPECT_LT(bound, previous);
      // Of a Gaussian: ln 2 - (2^(b-1))^2 / 2 V; Skellam tails are heavier.
      const double v = 1e12 / 65536 + 250 + 25e6;
      const double gaussian = std::log(2) - std::pow(2, 2 * bits - 2) / (2 * v);
      if (noise == IntegerNoise::kSkellam) {
        EXPECT_GE(bound, gaussian - 1e-9);
      } else {
        EXPECT_NEAR(bound, gaussian, 1e-6 * std::abs(gaussian));
      }
      previous = bound;
    }
  }
}

}  // namespace
}  // namespace sotto::privacy
