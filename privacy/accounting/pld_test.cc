#include "privacy/accounting/pld.h"

#include <cmath>
#include <limits>

#include "gtest/gtest.h"
#include "privacy/accounting/gaussian.h"
#include "privacy/accounting/rdp.h"
#include "tests/support/status_matchers.h"

namespace sotto::privacy {
namespace {

using absl::StatusCode::kFailedPrecondition;
using absl::StatusCode::kInvalidArgument;

PldAccountant Sampled(double noise, double q, std::int64_t steps) {
  PldAccountant accountant;
  EXPECT_THAT(accountant.AddSampledGaussian(noise, q, steps), IsOk());
  return accountant;
}

struct Known {
  double noise, q;
  std::int64_t steps;
  // An upper bound with error 0.01, and independent connect-the-dots values of
  // both directions at a step of 1e-4 or 2e-5.
  double published, remove, add;
};

// delta is 1e-6 throughout.
constexpr Known kKnown[] = {{0.8, .001, 100, 0.270403, 0.26034, 0.04346},
                            {1.5, .001, 100, 0.0393694, 0.02927, 0.02128},
                            {3.0, .001, 100, 0.0215201, 0.01128, 0.01003},
                            {0.8, .05, 100, 6.741052, 6.73063, 2.59535},
                            {1.5, .05, 100, 1.953853, 1.94374, 1.34820},
                            {2.0, .05, 100, 1.283637, 1.27356, 0.99766},
                            {3.0, .05, 100, 0.767934, 0.75788, 0.65415},
                            {0.8, .2, 100, 24.333664, 24.32262, 11.66420},
                            {1.5, .2, 100, 8.498978, 8.48859, 6.10711},
                            {3.0, .2, 100, 3.381221, 3.37106, 2.93134},
                            {0.8, .001, 1000, 0.477771, 0.46770, 0.19290},
                            {1.5, .001, 1000, 0.0998207, 0.08977, 0.08058},
                            {0.8, .05, 1000, 19.525843, 19.51503, 12.71932},
                            {1.5, .05, 1000, 6.209969, 6.19970, 5.39592},
                            {3.0, .05, 1000, 2.527574, 2.51745, 2.38826},
                            {0.8, .001, 20000, 1.296009, 1.28593, 1.09981},
                            {1.5, .05, 20000, 38.306618, 38.29555, 36.30180},
                            {3.0, .05, 20000, 13.961115, 13.95066, 13.72022},
                            {3.0, .05, 50000, 24.942006, 24.93133, 24.61733}};

TEST(PldTest, EpsilonsLieBetweenTheTightAndThePublishedAnswers) {
  for (const Known& known : kKnown) {
    SCOPED_TRACE(absl::StrFormat("noise %g, q %g, %d steps", known.noise,
                                 known.q, known.steps));
    const PldAccountant accountant = Sampled(known.noise, known.q, known.steps);
    const double remove = accountant.Epsilon(1e-6, Neighbor::kRemove).value();
    const double add = accountant.Epsilon(1e-6, Neighbor::kAdd).value();
    EXPECT_GE(remove, known.remove - 0.001);
    EXPECT_LE(remove, known.published + 0.0001);
    EXPECT_NEAR(remove, known.remove, 2e-4);
    EXPECT_NEAR(add, known.add, 2e-4);
  }
}

TEST(PldTest, SingleAnswersAgree) {
  EXPECT_NEAR(Sampled(1.5, 0.04, 2249).Epsilon(1e-5).value(), 6.76705, 2e-4);
  EXPECT_NEAR(Sampled(1.5, 0.04, 2250).Epsilon(1e-5).value(), 6.76879, 2e-4);
  EXPECT_NEAR(Sampled(1.1, 0.01, 1000).Epsilon(1e-5).value(), 1.51537, 2e-4);
  EXPECT_NEAR(Sampled(4, 0.01, 10000).Epsilon(1e-5).value(), 0.94700, 2e-4);
  const PldAccountant three = Sampled(0.5, 0.2, 3);
  EXPECT_NEAR(three.Delta(1).value(), 0.15594, 1e-5);
  EXPECT_NEAR(three.Epsilon(0.15594).value(), 0.99993, 1e-4);
  // The shortcut by the central limit theorem says 1.83 here.
  EXPECT_NEAR(Sampled(3, 0.2, 50).Epsilon(1.0 / 48000).value(), 1.961, 1e-3);
}

TEST(PldTest, MixturesOfDifferentKindsCompose) {
  PldAccountant accountant;
  ASSERT_THAT(accountant.AddMixture({1, {0, 1, 2}, {0.2, 0.6, 0.2}}, 3),
              IsOk());
  ASSERT_THAT(accountant.AddMixture({2, {0, 2, 3}, {0.33, 0.34, 0.33}}, 2),
              IsOk());
  EXPECT_NEAR(accountant.Epsilon(1e-6).value(), 17.193115, 1e-3);
}

// The Gaussian's exact curve checks discretisation, transform and tails at
// once, from delta 0.1 to far below what an untilted transform resolves.
TEST(PldTest, WithoutSamplingItIsTheExactGaussianOrJustAbove) {
  for (const double mu_squared : {0.01, 1.0, 16.0}) {
    for (const std::int64_t steps : {1, 300}) {
      const double noise = std::sqrt(static_cast<double>(steps) / mu_squared);
      const double mu = std::sqrt(mu_squared);
      const PldAccountant accountant = Sampled(noise, 1, steps);
      for (const double delta : {1e-2, 1e-6, 1e-12, 1e-30, 1e-100}) {
        const double exact = GaussianEpsilon(mu, delta).value();
        const double ours = accountant.Epsilon(delta).value();
        EXPECT_GE(ours, exact) << noise << " " << steps << " " << delta;
        EXPECT_LE(ours, exact * 1.001 + 1e-4)
            << noise << " " << steps << " " << delta;
      }
    }
  }
}

TEST(PldTest, DeltaIsTheExactGaussiansOrJustAbove) {
  const PldAccountant accountant = Sampled(20, 1, 400);
  for (const double epsilon : {0.0, 0.1, 1.0, 3.0, 10.0, 25.0}) {
    const double exact = GaussianDelta(1, epsilon).value();
    const double ours = accountant.Delta(epsilon).value();
    EXPECT_GE(ours, exact) << epsilon;
    EXPECT_LE(ours, exact * 1.005) << epsilon;
  }
}

TEST(PldTest, DeltaInvertsEpsilon) {
  const PldAccountant accountant = Sampled(1, 0.02, 300);
  for (const double delta : {1e-3, 1e-6, 1e-12, 1e-40}) {
    const double epsilon = accountant.Epsilon(delta).value();
    EXPECT_NEAR(accountant.Delta(epsilon).value() / delta, 1, 1e-4) << delta;
  }
}

TEST(PldTest, EpsilonGrowsWithStepsAndSamplingAndFallsWithNoiseAndDelta) {
  const double base = Sampled(1, 0.01, 200).Epsilon(1e-6).value();
  EXPECT_GT(Sampled(1, 0.01, 220).Epsilon(1e-6).value(), base);
  EXPECT_GT(Sampled(1, 0.011, 200).Epsilon(1e-6).value(), base);
  EXPECT_LT(Sampled(1.05, 0.01, 200).Epsilon(1e-6).value(), base);
  EXPECT_LT(Sampled(1, 0.01, 200).Epsilon(2e-6).value(), base);
}

TEST(PldTest, ItIsTighterThanRenyi) {
  for (const double noise : {0.6, 1.0, 3.0}) {
    for (const double q : {0.001, 0.1}) {
      for (const std::int64_t steps : {10, 500}) {
        auto renyi = RdpAccountant::Create(DefaultRdpOrders()).value();
        ASSERT_THAT(renyi.AddSampledGaussian(noise, q, steps), IsOk());
        EXPECT_LE(Sampled(noise, q, steps).Epsilon(1e-6).value(),
                  renyi.Epsilon(1e-6).value().value)
            << noise << " " << q << " " << steps;
      }
    }
  }
}

TEST(PldTest, AFinerGridIsTighterAndTheLimitIsReachedQuadratically) {
  const GaussianMixture mixture = SampledGaussian(1.2, 0.02);
  const auto epsilon_at = [&](double step, Neighbor neighbor) {
    LossComposition composition(step);
    composition.Add(
        DiscretizeLoss(mixture, neighbor, step, std::log(1e-20)).value(), 200);
    return composition.Epsilon(1e-7, 1 << 20).value().value;
  };
  for (const Neighbor neighbor : {Neighbor::kRemove, Neighbor::kAdd}) {
    const double coarse = epsilon_at(4e-3, neighbor);
    const double middle = epsilon_at(2e-3, neighbor);
    const double fine = epsilon_at(1e-3, neighbor);
    EXPECT_GT(coarse, middle);
    EXPECT_GT(middle, fine);
    EXPECT_NEAR((coarse - middle) / (middle - fine), 4, 0.2);
  }
}

TEST(PldTest, ExtremesAreAnsweredOrRefused) {
  // A loss far beyond the grid's first step.
  EXPECT_GT(Sampled(0.05, 1, 1).Epsilon(1e-6).value(), 200);
  EXPECT_LT(Sampled(1000, 1e-6, 10).Epsilon(1e-9).value(), 1e-4);
  EXPECT_GT(Sampled(10, 0.001, 1000000).Epsilon(1e-6).value(), 0.1);
}

TEST(PldTest, ArgumentsOutOfRangeAreNamed) {
  PldAccountant accountant;
  EXPECT_THAT(accountant.Epsilon(1e-6), StatusIs(kFailedPrecondition));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(accountant.AddSampledGaussian(nan, 0.1, 1),
              StatusIs(kInvalidArgument, testing::HasSubstr("noise")));
  EXPECT_THAT(accountant.AddSampledGaussian(1, 0, 1),
              StatusIs(kInvalidArgument, testing::HasSubstr("sampling")));
  EXPECT_THAT(accountant.AddSampledGaussian(1, 0.1, -1),
              StatusIs(kInvalidArgument, testing::HasSubstr("count")));
  EXPECT_THAT(accountant.AddMixture({1, {1, 2}, {0.5, 0.4}}, 1),
              StatusIs(kInvalidArgument, testing::HasSubstr("weights")));
  EXPECT_THAT(accountant.AddMixture({1, {1, 2}, {1}}, 1),
              StatusIs(kInvalidArgument, testing::HasSubstr("as many")));
  EXPECT_THAT(accountant.AddMixture({1, {-1}, {1}}, 1),
              StatusIs(kInvalidArgument, testing::HasSubstr("sensitivity")));
  ASSERT_THAT(accountant.AddSampledGaussian(1, 0.1, 1), IsOk());
  EXPECT_THAT(accountant.Epsilon(nan), StatusIs(kInvalidArgument));
  EXPECT_THAT(accountant.Delta(nan), StatusIs(kInvalidArgument));
}

}  // namespace
}  // namespace sotto::privacy
