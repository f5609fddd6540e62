#include "privacy/distributed/noisy_encoder.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "privacy/distributed/noisy_decoder.h"
#include "privacy/distributed/rotation.h"
#include "privacy/noise/chi_square_test_support.h"
#include "privacy/noise/independent_release.h"
#include "tests/support/status_matchers.h"

namespace sotto::privacy {
namespace {

using ::testing::HasSubstr;

const NoisyEncodingParams kParams = {.noise = IntegerNoise::kDiscreteGaussian,
                                     .dimension = 3000,
                                     .clip = 2,
                                     .scale = 500,
                                     .bits = 20,
                                     .central_std = 0.2,
                                     .num_devices = 20,
                                     .min_devices = 15,
                                     .corrupted_fraction = 0.25};

std::vector<float> UpdateOf(std::uint32_t device) {
  std::vector<float> update(kParams.dimension);
  for (std::size_t i = 0; i < update.size(); ++i) {
    update[i] = 0.03f * std::sin(static_cast<float>(i * (device + 1)));
  }
  return update;
}

class NoisyEncoderTest : public ::testing::Test {
 protected:
  NoisyEncoder Encoder(const NoisyEncodingParams& params) {
    return NoisyEncoder::Create(NoisyEncoding::Create(params).value()).value();
  }

  std::vector<std::uint32_t> Words(const NoisyEncoder& encoder,
                                   std::span<const float> update) {
    std::vector<std::uint32_t> words(encoder.encoding().padded_dimension());
    std::ranges::copy(update, AsFloats(words).begin());
    return words;
  }

  std::vector<std::uint32_t> Encoded(const NoisyEncoder& encoder,
                                     std::span<const float> update) {
    auto words = Words(encoder, update);
    EXPECT_THAT(encoder.Encode(seed_, rng_, words), IsOk());
    return words;
  }

  void AddTo(std::vector<std::uint32_t>& sum,
             std::span<const std::uint32_t> part) {
    sum.resize(part.size());
    const std::uint32_t mask = (1u << kParams.bits) - 1;
    for (std::size_t i = 0; i < part.size(); ++i) {
      sum[i] = (sum[i] + part[i]) & mask;
    }
  }

  crypto::Secret<32> seed_ = RotationSeed(AsBytes("session"), "update");
  crypto::SeededRng rng_{AsBytes("noisy encoder test")};
};

TEST_F(NoisyEncoderTest, TheDecodedSumIsTheSumPlusNoiseOfTheAgreedSize) {
  for (const IntegerNoise kind :
       {IntegerNoise::kDiscreteGaussian, IntegerNoise::kSkellam}) {
    NoisyEncodingParams params = kParams;
    params.noise = kind;
    const NoisyEncoder encoder = Encoder(params);
    ASSERT_EQ(encoder.encoding().honest_devices(), 10u);
    std::vector<std::uint32_t> sum;
    std::vector<double> want(params.dimension);
    for (std::uint32_t device = 0; device < 20; ++device) {
      const std::vector<float> update = UpdateOf(device);
      for (std::size_t i = 0; i < want.size(); ++i) want[i] += update[i];
      AddTo(sum, Encoded(encoder, update));
    }
    const auto decoded =
        DecodeNoisySum(encoder.encoding(), seed_, 20, sum).value();
    EXPECT_EQ(decoded.near_boundary, 0);
    double squares = 0;
    for (std::size_t i = 0; i < want.size(); ++i) {
      const double noise = decoded.values[i] - want[i];
      EXPECT_LT(std::abs(noise), 6 * 0.29);
      squares += noise * noise;
    }
    // 20 shares of a tenth of the variance; rounding adds 20 / 4 / 500^2.
    const double variance = 2 * 0.2 * 0.2;
    EXPECT_NEAR(squares / 3000, variance, variance * 4 * std::sqrt(2.0 / 3000));
  }
}

TEST_F(NoisyEncoderTest, TheNoiseSufficesWhenCorruptedDevicesOmitTheirs) {
  // 15 survive, 5 of them corrupted: zero updates without noise.
  const NoisyEncoder encoder = Encoder(kParams);
  const std::vector<float> zero(kParams.dimension);
  double squares = 0;
  constexpr int kRounds = 20;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::uint32_t> sum;
    for (int device = 0; device < 10; ++device) {
      AddTo(sum, Encoded(encoder, zero));
    }
    const auto decoded =
        DecodeNoisySum(encoder.encoding(), seed_, 15, sum).value();
    for (const float value : decoded.values) squares += double{value} * value;
  }
  const double draws = kRounds * 3000.0;
  EXPECT_GE(squares / draws, 0.04 * (1 - 4 * std::sqrt(2 / draws)));
  EXPECT_LE(squares / draws, 0.04 * (1 + 4 * std::sqrt(2 / draws)));
}

TEST_F(NoisyEncoderTest, AZeroUpdateBecomesPureNoiseWithTheExactPmf) {
  for (const IntegerNoise kind :
       {IntegerNoise::kDiscreteGaussian, IntegerNoise::kSkellam}) {
    NoisyEncodingParams params = kParams;
    params.noise = kind;
    const NoisyEncoder encoder = Encoder(params);
    const double variance = encoder.encoding().local_variance()->value();
    ASSERT_DOUBLE_EQ(variance, 1000);
    const auto draw = [&](std::span<std::int64_t> out) {
      const auto words = Encoded(encoder, {});
      ASSERT_EQ(words.size(), out.size());
      for (std::size_t i = 0; i < words.size(); ++i) {
        ASSERT_LT(words[i], 1u << 20);
        out[i] = static_cast<std::int32_t>(words[i] << 12) >> 12;
      }
    };
    // Skellam noise of this variance has the density's first correction,
    // kurtosis 1 / variance.
    const auto log_weight = [&](std::int64_t k) {
      const double z2 = static_cast<double>(k * k) / variance;
      const double excess = kind == IntegerNoise::kSkellam ? 1 / variance : 0;
      return -z2 / 2 + std::log1p(excess / 24 * (z2 * z2 - 6 * z2 + 3));
    };
    EXPECT_LT(PmfDeviate(200000, 200, draw, log_weight), kMaxDeviate);
  }
}

TEST_F(NoisyEncoderTest, WithoutNoiseTheIntegersMeetTheNormBound) {
  NoisyEncodingParams params = kParams;
  params.noise.reset();
  params.central_std = 0;
  const NoisyEncoder encoder = Encoder(params);
  // Far above the clip, with values that are no numbers.
  std::vector<float> hostile(params.dimension, 1e30f);
  hostile[7] = NAN;
  hostile[8] = -INFINITY;
  std::uint64_t squares = 0;
  for (const std::uint32_t word : Encoded(encoder, hostile)) {
    const std::int64_t steps = static_cast<std::int32_t>(word << 12) >> 12;
    squares += static_cast<std::uint64_t>(steps * steps);
  }
  EXPECT_LE(squares, encoder.encoding().max_squared_norm());
  EXPECT_GT(static_cast<double>(squares), std::pow(0.99 * 2 * 500, 2));
}

TEST_F(NoisyEncoderTest, TheServersNoiseOnTheSumDecodesToTheSumPlusNoise) {
  NoisyEncodingParams params = kParams;
  params.noise.reset();
  params.central_std = 0;
  const NoisyEncoder encoder = Encoder(params);
  std::vector<std::uint32_t> sum;
  std::vector<double> want(params.dimension);
  for (std::uint32_t device = 0; device < 20; ++device) {
    const std::vector<float> update = UpdateOf(device);
    for (std::size_t i = 0; i < want.size(); ++i) want[i] += update[i];
    AddTo(sum, Encoded(encoder, update));
  }
  // 0.2 units are 100 steps.
  auto release =
      IndependentRelease::Create(sum.size(), {10000, 1}, crypto::Secret<32>())
          .value();
  std::vector<double> noisy(sum.size());
  ASSERT_THAT(release.Next(CentreResidues(params.bits, sum), noisy), IsOk());
  std::vector<float> out(sum.size());
  const auto update =
      DecodeSteps(encoder.encoding(), seed_, noisy, out).value();
  ASSERT_EQ(update.size(), 3000u);
  double squares = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    squares += std::pow(update[i] - want[i], 2);
  }
  EXPECT_NEAR(squares / 3000, 0.04, 0.04 * 4 * std::sqrt(2.0 / 3000));
  out.pop_back();
  EXPECT_THAT(DecodeSteps(encoder.encoding(), seed_, noisy, out),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(NoisyEncoderTest, FewerDevicesThanTheNoiseIsSharedAmongAreNotReleased) {
  const NoisyEncoder encoder = Encoder(kParams);
  std::vector<std::uint32_t> sum = Encoded(encoder, {});
  const std::vector<std::uint32_t> before = sum;
  for (const std::uint32_t included : {0u, 14u, 21u}) {
    EXPECT_THAT(
        DecodeNoisySum(encoder.encoding(), seed_, included, sum),
        StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("15 to 20")));
  }
  EXPECT_EQ(sum, before);
  EXPECT_THAT(DecodeNoisySum(encoder.encoding(), seed_, 15, sum), IsOk());
}

TEST_F(NoisyEncoderTest, UpdatesOfAnotherSizeAreRefused) {
  const NoisyEncoder encoder = Encoder(kParams);
  std::vector<std::uint32_t> small(2048), padded(4096);
  EXPECT_THAT(encoder.Encode(seed_, rng_, small),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("4096")));
  AsFloats(padded)[3000] = 1;
  EXPECT_THAT(encoder.Encode(seed_, rng_, padded),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("3000")));
  AsFloats(padded)[3000] = 0;
  EXPECT_THAT(encoder.Encode(seed_, rng_, padded), IsOk());
  EXPECT_THAT(DecodeNoisySum(encoder.encoding(), seed_, 15, small),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("4096")));
}

TEST_F(NoisyEncoderTest, SumsThatCrowdTheModulusAreReported) {
  // The most scale that fits, and all devices send the same update of the
  // largest norm.
  NoisyEncodingParams params = kParams;
  params.bits = 12;
  params.wrap_stds = 3;
  params.scale = LargestScale(params).value();
  const NoisyEncoder encoder = Encoder(params);
  std::vector<float> update = UpdateOf(0);
  for (float& value : update) value *= 100;
  std::vector<std::uint32_t> sum;
  for (int device = 0; device < 20; ++device) {
    AddTo(sum, Encoded(encoder, update));
  }
  for (std::uint32_t& word : sum) word &= (1u << 12) - 1;
  const auto decoded =
      DecodeNoisySum(encoder.encoding(), seed_, 20, sum).value();
  // Outside 7/8 of 3 standard deviations lies 0.0087 of a Gaussian.
  EXPECT_GT(decoded.near_boundary, 0.001);
  EXPECT_LT(decoded.near_boundary, 0.03);
}

}  // namespace
}  // namespace sotto::privacy
