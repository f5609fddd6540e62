#include "privacy/accounting/distributed_noise.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "privacy/accounting/rdp.h"
#include "tests/support/status_matchers.h"

namespace sotto::privacy {
namespace {

using absl::StatusCode::kInvalidArgument;

const DistributedNoise kSmall = {.kind = IntegerNoise::kSkellam,
                                 .clip = 1,
                                 .dimension = 1 << 16,
                                 .scale = 1000,
                                 .central_std = 5,
                                 .contributors = 1000};

DistributedNoise Discrete(DistributedNoise noise) {
  noise.kind = IntegerNoise::kDiscreteGaussian;
  return noise;
}

// Orders 2 to 128, and 256: the grid of the published answers.
RdpAccountant PublishedGrid() {
  std::vector<double> orders;
  for (int i = 2; i <= 128; ++i) orders.push_back(i);
  orders.push_back(256);
  return RdpAccountant::Create(orders).value();
}

double Epsilon(const DistributedNoise& noise, std::int64_t rounds) {
  RdpAccountant accountant = PublishedGrid();
  EXPECT_THAT(
      accountant.Add(
          [&](double order) { return DistributedNoiseRdp(noise, order); },
          rounds),
      IsOk());
  return accountant.Epsilon(1e-6).value().value;
}

TEST(DistributedNoiseTest, RoundedNormsAgreeWithTheirKnownAnswers) {
  const double beta = std::exp(-0.5);
  EXPECT_NEAR(RoundedNormBound(10, 1024, beta).value(), 19.544820285692, 1e-12);
  EXPECT_NEAR(RoundedNormBound(100, 1 << 20, beta).value(), 522.2604714125,
              1e-10);
  EXPECT_EQ(RoundedNormBound(10, 1024, 0).value(), 42);
}

TEST(DistributedNoiseTest, SensitivitiesAndDivergencesAgree) {
  const RoundedSensitivity sensitivity =
      SensitivityAfterRounding(kSmall).value();
  EXPECT_NEAR(sensitivity.l2, 1.0087179983, 1e-10);
  EXPECT_NEAR(sensitivity.l1, 258.2318075683, 1e-7);
  EXPECT_NEAR(DistributedNoiseRdp(kSmall, 2).value(), 0.04070048184, 1e-11);
  EXPECT_NEAR(DistributedNoiseRdp(Discrete(kSmall), 2).value(), 0.04070048,
              1e-8);
}

TEST(DistributedNoiseTest, EpsilonsAgreeWithTheirKnownAnswers) {
  EXPECT_NEAR(Epsilon(kSmall, 100), 11.9954863400, 1e-9);
  EXPECT_NEAR(Epsilon(Discrete(kSmall), 100), 11.9954859932, 1e-9);
  RdpAccountant plain = PublishedGrid();
  ASSERT_THAT(plain.AddGaussian(5, 100), IsOk());
  EXPECT_NEAR(plain.Epsilon(1e-6).value().value, 11.8553899932, 1e-9);

  const DistributedNoise large = {.kind = IntegerNoise::kSkellam,
                                  .clip = 1,
                                  .dimension = 1 << 20,
                                  .scale = 4096,
                                  .central_std = 8,
                                  .contributors = 100};
  EXPECT_NEAR(Epsilon(large, 1), 0.5497204279, 1e-9);
  EXPECT_NEAR(Epsilon(Discrete(large), 1), 0.5497204276, 1e-9);
  RdpAccountant one = PublishedGrid();
  ASSERT_THAT(one.AddGaussian(8, 1), IsOk());
  EXPECT_NEAR(one.Epsilon(1e-6).value().value, 0.5451244326, 1e-9);
}

TEST(DistributedNoiseTest, ACoarseScaleDestroysTheGuaranteeAndIsNamed) {
  DistributedNoise coarse = kSmall;
  coarse.dimension = 1 << 20;
  coarse.scale = 100;
  EXPECT_NEAR(SensitivityAfterRounding(coarse).value().l2, 5.2226, 5e-5);
  EXPECT_NEAR(Epsilon(Discrete(coarse), 100), 121.5, 0.05);
  EXPECT_THAT(CheckScaleIsFine(coarse),
              StatusIs(kInvalidArgument, testing::HasSubstr("at least 1121")));
  coarse.scale = 1121;
  EXPECT_THAT(CheckScaleIsFine(coarse), IsOk());
  coarse.scale = 1120;
  EXPECT_THAT(CheckScaleIsFine(coarse), StatusIs(kInvalidArgument));
}

TEST(DistributedNoiseTest, IntegerNoiseNeverBeatsTheGaussianItImitates) {
  for (const double order : {2.0, 5.0, 64.0}) {
    const double gaussian = order / (2 * 5 * 5.0);
    EXPECT_GT(DistributedNoiseRdp(kSmall, order).value(), gaussian);
    EXPECT_GT(DistributedNoiseRdp(Discrete(kSmall), order).value(), gaussian);
  }
}

TEST(DistributedNoiseTest, DivergencesFallWithNoiseAndScale) {
  for (const IntegerNoise kind :
       {IntegerNoise::kSkellam, IntegerNoise::kDiscreteGaussian}) {
    DistributedNoise noise = kSmall, other = kSmall;
    noise.kind = other.kind = kind;
    const double base = DistributedNoiseRdp(noise, 4).value();
    other.central_std = 5.5;
    EXPECT_LT(DistributedNoiseRdp(other, 4).value(), base);
    other = noise;
    other.scale = 2000;
    EXPECT_LT(DistributedNoiseRdp(other, 4).value(), base);
    other = noise;
    other.replace_adjacency = true;
    EXPECT_NEAR(DistributedNoiseRdp(other, 4).value() / base, 4, 1e-6);
  }
}

// With little noise on each of many devices the sum is no discrete Gaussian;
// the theorem's tau says so.
TEST(DistributedNoiseTest, ManyDevicesWithLittleNoiseEachPayForIt) {
  DistributedNoise noise = Discrete(kSmall);
  noise.scale = 100;
  noise.central_std = 0.7 * std::sqrt(1000.0) / noise.scale;
  const double ratio = noise.central_std / SensitivityAfterRounding(noise)->l2;
  EXPECT_GT(DistributedNoiseRdp(noise, 2).value(), 1.001 / (ratio * ratio));
  noise.contributors = 1;
  EXPECT_NEAR(DistributedNoiseRdp(noise, 2).value(), 1 / (ratio * ratio), 1e-9);
}

TEST(DistributedNoiseTest, FieldsOutOfRangeAreNamed) {
  const auto refused = [](DistributedNoise noise, const char* name) {
    EXPECT_THAT(DistributedNoiseRdp(noise, 2),
                StatusIs(kInvalidArgument, testing::HasSubstr(name)));
  };
  DistributedNoise noise = kSmall;
  noise.clip = NAN;
  refused(noise, "clip");
  noise = kSmall;
  noise.dimension = 0;
  refused(noise, "dimension");
  noise = kSmall;
  noise.scale = 0;
  refused(noise, "scale");
  noise = kSmall;
  noise.central_std = INFINITY;
  refused(noise, "noise std");
  noise = kSmall;
  noise.contributors = 0;
  refused(noise, "contributors");
  noise = Discrete(kSmall);
  noise.central_std = 0.01;
  refused(noise, "half a step");
  EXPECT_THAT(DistributedNoiseRdp(kSmall, 2.5),
              StatusIs(kInvalidArgument, testing::HasSubstr("whole")));
  EXPECT_THAT(RoundedNormBound(1, 1, 1.0), StatusIs(kInvalidArgument));
}

}  // namespace
}  // namespace sotto::privacy
