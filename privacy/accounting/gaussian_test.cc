#include "privacy/accounting/gaussian.h"

#include <cmath>
#include <limits>

#include "gtest/gtest.h"
#include "privacy/accounting/normal.h"
#include "tests/support/status_matchers.h"

namespace sotto::privacy {
namespace {

using absl::StatusCode::kInvalidArgument;
using absl::StatusCode::kOutOfRange;

TEST(GaussianTest, EpsilonAgreesWithTheClosedFormToNineDigits) {
  const struct {
    double sigma, delta, epsilon;
  } cases[] = {{1, 1e-5, 4.377178095681},
               {0.5, 1e-5, 9.997256146434},
               {5, 1e-6, 0.834117548624},
               {4.224678889, 1e-6, 1.000000000}};
  for (const auto& c : cases) {
    EXPECT_NEAR(GaussianEpsilon(1 / c.sigma, c.delta).value(), c.epsilon, 1e-9)
        << "sigma " << c.sigma;
  }
}

TEST(GaussianTest, DeltaAgreesWithTheClosedFormToNineDigits) {
  EXPECT_NEAR(GaussianDelta(1, 1).value(), 0.1269367375, 1e-9);
  // Standard deviation 20 and 400 compositions: mu = sqrt(400) / 20.
  EXPECT_NEAR(GaussianDelta(std::sqrt(400.0) / 20, 3).value(), 0.0015371854,
              1e-9);
}

TEST(GaussianTest, EpsilonDeltaAndNoiseInvertEachOther) {
  for (const double mu : {1e-4, 0.03, 0.5, 1.0, 4.0, 60.0}) {
    for (const double delta : {1e-2, 1e-6, 1e-12, 1e-100, 1e-300}) {
      const double epsilon = GaussianEpsilon(mu, delta).value();
      if (epsilon == 0) continue;
      EXPECT_NEAR(GaussianLogDelta(mu, epsilon).value(), std::log(delta),
                  1e-9 * (1 + mu * mu))
          << mu << " " << delta;
      EXPECT_NEAR(GaussianMu(epsilon, delta).value() / mu, 1, 1e-9)
          << mu << " " << delta;
    }
  }
}

// In the far tail delta(epsilon) is a difference of two numbers that underflow;
// the first terms of R's asymptotic series give it another way.
TEST(GaussianTest, TheFarTailFollowsItsAsymptoticSeries) {
  for (const double epsilon : {200.0, 1000.0, 20000.0}) {
    const double a = epsilon - 0.5, b = epsilon + 0.5;
    const auto series = [](double t) {
      return (1 - 1 / (t * t) + 3 / std::pow(t, 4) - 15 / std::pow(t, 6)) / t;
    };
    const double expected =
        -a * a / 2 - kLogSqrtTwoPi + std::log(series(a) - series(b));
    EXPECT_NEAR(GaussianLogDelta(1, epsilon).value() / expected, 1, 1e-10);
  }
}

TEST(GaussianTest, NoiseForAPairKeepsThatPair) {
  for (const double epsilon : {0.01, 1.0, 8.0, 50.0}) {
    for (const double delta : {1e-3, 1e-6, 1e-10}) {
      const double sigma = GaussianNoiseMultiplier(epsilon, delta).value();
      EXPECT_LE(GaussianDelta(1 / sigma, epsilon).value(), delta * (1 + 1e-12));
    }
  }
}

TEST(GaussianTest, EpsilonFallsWithNoiseAndWithDelta) {
  double before = std::numeric_limits<double>::infinity();
  for (double sigma = 0.01; sigma < 1000; sigma *= 1.1) {
    const double epsilon = GaussianEpsilon(1 / sigma, 1e-6).value();
    EXPECT_LT(epsilon, before);
    EXPECT_LE(GaussianEpsilon(1 / sigma, 1e-5).value(), epsilon);
    before = epsilon;
  }
}

TEST(GaussianTest, ADeltaAboveTheTotalVariationCostsNothing) {
  // delta(0) = 2 Phi(mu/2) - 1 = 0.3829... at mu = 1.
  EXPECT_EQ(GaussianEpsilon(1, 0.383).value(), 0);
  EXPECT_GT(GaussianEpsilon(1, 0.382).value(), 0);
}

TEST(GaussianTest, ArgumentsOutOfRangeAreNamed) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double mu : {0.0, -1.0, nan, infinity}) {
    EXPECT_THAT(GaussianEpsilon(mu, 1e-6),
                StatusIs(kInvalidArgument, testing::HasSubstr("mu")));
  }
  for (const double delta : {0.0, 1.0, -0.1, nan, infinity}) {
    EXPECT_THAT(GaussianEpsilon(1, delta),
                StatusIs(kInvalidArgument, testing::HasSubstr("delta")));
  }
  for (const double epsilon : {-0.1, nan, infinity}) {
    EXPECT_THAT(GaussianDelta(1, epsilon),
                StatusIs(kInvalidArgument, testing::HasSubstr("epsilon")));
  }
  EXPECT_THAT(GaussianMu(0, 1e-12), StatusIs(kOutOfRange));
}

TEST(NormalTest, TailsMatchErfcWhereErfcStillWorks) {
  for (double t = -8; t < 36; t += 0.37) {
    EXPECT_NEAR(LogNormalTail(t), std::log(0.5 * std::erfc(t / std::sqrt(2))),
                1e-12 * (1 + t * t));
  }
}

TEST(NormalTest, TheMillsRatioIsContinuousAtItsSwitch) {
  const double below = MillsRatio(5), above = MillsRatio(std::nextafter(5, 6));
  EXPECT_NEAR(below / above, 1, 2 * kMillsRelativeError);
}

TEST(NormalTest, QuantilesLeaveNoMoreThanTheTail) {
  for (const double log_tail : {-0.7, -3.0, -40.0, -700.0, -5000.0}) {
    const double t = NormalTailQuantile(log_tail);
    EXPECT_LE(LogNormalTail(t), log_tail);
    EXPECT_NEAR(LogNormalTail(t), log_tail, 1e-9 * -log_tail);
  }
}

}  // namespace
}  // namespace sotto::privacy
