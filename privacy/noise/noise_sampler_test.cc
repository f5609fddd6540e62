#include "privacy/noise/noise_sampler.h"

#include <cmath>

#include "gtest/gtest.h"
#include "privacy/noise/canonne_gaussian.h"
#include "privacy/noise/chi_square_test_support.h"
#include "privacy/noise/gaussian_weights.h"
#include "privacy/noise/skellam_weights.h"
#include "tests/support/sanitizer.h"
#include "tests/support/status_matchers.h"

namespace sotto::privacy {
namespace {

using ::testing::HasSubstr;

double LogGaussian(double variance, std::int64_t k) {
  return -static_cast<double>(k * k) / (2 * variance);
}

// By the definition, a sum over both Poisson variables: independent of the
// recurrence that the sampler uses.
double LogSkellam(double variance, std::int64_t k) {
  const long double mean = variance / 2, log_mean = std::log(mean);
  const auto at = [&](long double j) {
    return (2 * j + k) * log_mean - std::lgamma(j + 1) -
           std::lgamma(j + static_cast<long double>(k) + 1) - 2 * mean;
  };
  const double half = static_cast<double>(k) / 2;
  const double peak =
      std::sqrt(half * half + static_cast<double>(mean * mean)) - half;
  const double reach = 12 * std::sqrt(peak) + 30;
  long double sum = 0;
  for (double j = std::max(0.0, std::floor(peak - reach)); j < peak + reach;
       ++j) {
    sum += std::exp(at(j));
  }
  return static_cast<double>(std::log(sum));
}

double LogWeight(IntegerNoise kind, double variance, std::int64_t k) {
  return kind == IntegerNoise::kSkellam ? LogSkellam(variance, k)
                                        : LogGaussian(variance, k);
}

std::int64_t Reach(double variance) {
  return static_cast<std::int64_t>(9 * std::sqrt(variance)) + 12;
}

TEST(NoiseSamplerTest, DrawsHaveTheExactPmf) {
  std::uint8_t seed = 10;
  for (const IntegerNoise kind :
       {IntegerNoise::kDiscreteGaussian, IntegerNoise::kSkellam}) {
    for (const double real : {0.0625, 0.4, 1.0, 9.37, 640.5, 10000.0}) {
      const Variance variance = Variance::AtLeast(real).value();
      const NoiseSampler sampler = NoiseSampler::Create(kind, variance).value();
      TestWords words(seed++);
      EXPECT_LT(
          PmfDeviate(
              NumDraws(400000), Reach(real),
              [&](std::span<std::int64_t> out) { sampler.Draw(words, out); },
              [&](std::int64_t k) {
                return LogWeight(kind, variance.value(), k);
              }),
          kMaxDeviate)
          << "kind " << int(kind) << ", variance " << real;
    }
  }
}

TEST(NoiseSamplerTest, ACoarseTableDrawsFromTheSameDistribution) {
  SOTTO_SKIP_STATISTICS();
  // With 8 digits per weight, most draws are settled by the weights themselves.
  constexpr double kVariance = 6.25;
  const Variance variance = Variance::AtLeast(kVariance).value();
  const TableSampler gaussian(std::make_unique<GaussianWeights>(variance), 8);
  const TableSampler skellam(std::make_unique<SkellamWeights>(variance), 8);
  const struct {
    IntegerNoise kind;
    const TableSampler& sampler;
  } cases[] = {{IntegerNoise::kDiscreteGaussian, gaussian},
               {IntegerNoise::kSkellam, skellam}};
  for (const auto& c : cases) {
    TestWords words(40);
    EXPECT_LT(
        PmfDeviate(
            100000, Reach(kVariance),
            [&](std::span<std::int64_t> out) { c.sampler.Draw(words, out); },
            [&](std::int64_t k) { return LogWeight(c.kind, kVariance, k); }),
        kMaxDeviate);
  }
}

TEST(CanonneGaussianTest, DrawsHaveTheExactPmf) {
  std::uint8_t seed = 50;
  for (const double real : {0.0625, 2.25, 900.1}) {
    const Variance variance = Variance::AtLeast(real).value();
    TestWords words(seed++);
    EXPECT_LT(
        PmfDeviate(
            NumDraws(200000), Reach(real),
            [&](std::span<std::int64_t> out) {
              for (auto& x : out) x = CanonneGaussian(variance, words);
            },
            [&](std::int64_t k) { return LogGaussian(variance.value(), k); }),
        kMaxDeviate)
        << real;
  }
}

TEST(NoiseSamplerTest, WideNoiseHasItsVarianceAndKurtosis) {
  const struct {
    IntegerNoise kind;
    double variance;
  } cases[] = {{IntegerNoise::kDiscreteGaussian, 0x1p28},
               {IntegerNoise::kDiscreteGaussian, 0x1p40},
               {IntegerNoise::kDiscreteGaussian, 0x1.8p61},
               {IntegerNoise::kSkellam, 0x1p24}};
  for (const auto& c : cases) {
    const NoiseSampler sampler =
        NoiseSampler::Create(c.kind, Variance::AtLeast(c.variance).value())
            .value();
    TestWords words(60);
    std::vector<std::int64_t> x(100000);
    sampler.Draw(words, x);
    double second = 0, fourth = 0;
    for (const std::int64_t value : x) {
      const double z = static_cast<double>(value) / std::sqrt(c.variance);
      second += z * z;
      fourth += z * z * z * z;
    }
    // Standard errors sqrt(2 / n) and sqrt(96 / n).
    EXPECT_NEAR(second / 1e5, 1, 4 * std::sqrt(2e-5)) << c.variance;
    EXPECT_NEAR(fourth / 1e5, 3, 4 * std::sqrt(96e-5)) << c.variance;
  }
}

TEST(NoiseSamplerTest, TheSameKeyDrawsTheSameNoise) {
  const NoiseSampler sampler =
      NoiseSampler::Create(IntegerNoise::kDiscreteGaussian, {100, 1}).value();
  std::vector<std::int64_t> a(1000), b(1000), c(1000);
  TestWords first(70), again(70), other(71);
  sampler.Draw(first, a);
  sampler.Draw(again, b);
  sampler.Draw(other, c);
  EXPECT_EQ(a, b);
  EXPECT_NE(a, c);
}

TEST(NoiseSamplerTest, SkellamNoiseTooWideToDrawIsRefused) {
  EXPECT_THAT(NoiseSampler::Create(IntegerNoise::kSkellam,
                                   Variance::AtLeast(3e8).value()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("2^28")));
}

TEST(VarianceTest, TheRatioIsNeverBelowAndHardlyAboveTheNumber) {
  for (const double real : {0.0625, 0.1, 1.0 / 3, 1e3 / 7, 1e9 / 7, 0x1p40,
                            0x1.23456p41, 0x1.fffffep55, 0x1p62}) {
    const Variance variance = Variance::AtLeast(real).value();
    EXPECT_GE(variance.value(), real);
    EXPECT_LE(variance.value(), real * 1.0003);
    EXPECT_THAT(Variance::Ratio(variance.numerator, variance.denominator),
                IsOk());
  }
}

TEST(VarianceTest, NumbersOutsideTheRangeAreRefused) {
  for (const double real : {0.0624, 5e18, double{NAN}, -1.0}) {
    EXPECT_THAT(Variance::AtLeast(real),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_THAT(Variance::Ratio(5, 3),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Variance::Ratio(1, 32),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Variance::Ratio(2, 32), IsOk());
  // Above 2^40 only 16 leading bits.
  EXPECT_THAT(Variance::Ratio((std::uint64_t{1} << 41) + 1, 1),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Variance::Ratio(std::uint64_t{65535} << 40, 1), IsOk());
}

}  // namespace
}  // namespace sotto::privacy
