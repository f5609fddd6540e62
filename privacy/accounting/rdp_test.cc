#include "privacy/accounting/rdp.h"

#include <cmath>
#include <limits>
#include <vector>

#include "gtest/gtest.h"
#include "privacy/accounting/gaussian.h"
#include "privacy/accounting/sampled_gaussian_rdp.h"
#include "tests/support/status_matchers.h"

namespace sotto::privacy {
namespace {

using absl::StatusCode::kInvalidArgument;

// 1.1 to 10.9 by 0.1 and 12 to 63, the grid of the published answers.
std::vector<double> PublishedOrders() {
  std::vector<double> orders;
  for (int i = 11; i <= 109; ++i) orders.push_back(i / 10.0);
  for (int i = 12; i <= 63; ++i) orders.push_back(i);
  return orders;
}

RdpBound SampledEpsilon(double noise, double q, std::int64_t steps,
                        double delta) {
  auto accountant = RdpAccountant::Create(PublishedOrders()).value();
  EXPECT_THAT(accountant.AddSampledGaussian(noise, q, steps), IsOk());
  return accountant.Epsilon(delta).value();
}

TEST(RdpTest, SampledDivergencesAgreeWithTheirKnownAnswers) {
  const struct {
    double order, divergence, tolerance;
  } cases[] = {{5, 2.18075656e-3, 1e-11},
               {50, 2.38460375e-2, 1e-10},
               {100, 167.416308, 1e-6},
               // Not the looser 6.7058e-4 and 1.08549e-3 of series that add
               // absolute values.
               {1.5, 6.50070897e-4, 1e-12},
               {2.5, 1.085418057e-3, 1e-12}};
  for (const auto& c : cases) {
    EXPECT_NEAR(50 * SampledGaussianRdp(2.5, 0.01, c.order).value(),
                c.divergence, c.tolerance)
        << "order " << c.order;
  }
}

TEST(RdpTest, SampledEpsilonsAgreeWithTheirKnownAnswers) {
  const RdpBound long_run = SampledEpsilon(1.5, 0.04, 2250, 1e-5);
  EXPECT_NEAR(long_run.value, 7.32911117143, 1e-10);
  EXPECT_EQ(long_run.order, 3.9);
  EXPECT_NEAR(SampledEpsilon(1.5, 0.04, 2249, 1e-5).value, 7.32727796924,
              1e-10);
  const RdpBound short_run = SampledEpsilon(1.1, 0.01, 1000, 1e-5);
  EXPECT_NEAR(short_run.value, 1.71177009, 1e-8);
  EXPECT_EQ(short_run.order, 9.6);
  EXPECT_NEAR(SampledEpsilon(4, 0.01, 10000, 1e-5).value, 1.03549, 1e-5);
}

TEST(RdpTest, AGaussianOnAFineGridAgreesWithItsKnownAnswer) {
  std::vector<double> orders;
  for (int i = 2100; i < 2300; ++i) orders.push_back(i / 100.0);
  auto accountant = RdpAccountant::Create(orders).value();
  ASSERT_THAT(accountant.AddGaussian(4.530877117, 1), IsOk());
  const RdpBound bound = accountant.Epsilon(1e-6).value();
  EXPECT_NEAR(bound.value, 1, 1e-7);
  EXPECT_NEAR(bound.order, 21.98, 0.02);
}

TEST(RdpTest, APureGuaranteeAgreesWithItsKnownAnswer) {
  std::vector<double> orders;
  for (int i = 2; i <= 32; ++i) orders.push_back(i);
  auto accountant = RdpAccountant::Create(orders).value();
  ASSERT_THAT(accountant.Add([](double) { return 1.1; }, 1), IsOk());
  const RdpBound bound = accountant.Epsilon(1e-5).value();
  EXPECT_NEAR(bound.value, 1.32783806176, 1e-11);
  EXPECT_EQ(bound.order, 32);
}

TEST(RdpTest, WholeAndFractionalOrdersAreOneCurve) {
  for (const double noise : {0.3, 0.7, 1.0, 4.0, 50.0}) {
    for (const double q : {1e-6, 1e-3, 0.05, 0.3, 0.9, 0.999}) {
      for (const double order : {2.0, 3.0, 7.0, 20.0}) {
        const double whole = SampledGaussianRdp(noise, q, order).value();
        const double near =
            SampledGaussianRdp(noise, q, order * (1 + 1e-13)).value();
        EXPECT_NEAR(near / whole, 1, 1e-9) << noise << " " << q << " " << order;
      }
    }
  }
}

TEST(RdpTest, DivergencesGrowWithOrderAndSamplingAndFallWithNoise) {
  for (const double noise : {0.02, 0.5, 1.0, 5.0}) {
    double before = 0;
    for (const double order : {1.1, 1.5, 2.0, 2.5, 3.0, 10.5, 64.0, 1000.0}) {
      const double here = SampledGaussianRdp(noise, 0.01, order).value();
      EXPECT_GE(here, before * (1 - 1e-12)) << noise << " " << order;
      EXPECT_LT(here, SampledGaussianRdp(noise, 0.02, order).value());
      EXPECT_GT(here, SampledGaussianRdp(noise * 1.5, 0.01, order).value());
      EXPECT_LT(here, order / (2 * noise * noise));
      before = here;
    }
  }
}

TEST(RdpTest, WithoutSamplingItIsTheGaussian) {
  EXPECT_NEAR(SampledGaussianRdp(2, 1, 3).value(), 0.375, 1e-12);
  EXPECT_NEAR(SampledGaussianRdp(2, 1 - 1e-12, 3.5).value(), 3.5 / 8, 1e-10);
  EXPECT_EQ(SampledGaussianRdp(2, 0, 3.5).value(), 0);
}

TEST(RdpTest, TheBoundIsNeverBelowTheExactGaussian) {
  for (const double noise : {0.5, 2.0, 10.0}) {
    for (const std::int64_t count : {1, 30, 1000}) {
      auto accountant = RdpAccountant::Create(DefaultRdpOrders()).value();
      ASSERT_THAT(accountant.AddGaussian(noise, count), IsOk());
      const double mu = std::sqrt(static_cast<double>(count)) / noise;
      for (const double delta : {1e-3, 1e-6, 1e-12}) {
        EXPECT_GE(accountant.Epsilon(delta).value().value,
                  GaussianEpsilon(mu, delta).value());
      }
      for (const double epsilon : {0.5, 2.0, 20.0}) {
        EXPECT_GE(accountant.Delta(epsilon).value().value,
                  GaussianDelta(mu, epsilon).value());
      }
    }
  }
}

TEST(RdpTest, DeltaInvertsEpsilon) {
  auto accountant = RdpAccountant::Create(DefaultRdpOrders()).value();
  ASSERT_THAT(accountant.AddSampledGaussian(1, 0.01, 500), IsOk());
  const double epsilon = accountant.Epsilon(1e-6).value().value;
  EXPECT_NEAR(accountant.Delta(epsilon).value().value, 1e-6, 1e-15);
}

TEST(RdpTest, CompositionAddsCurves) {
  auto once = RdpAccountant::Create({2, 2.5}).value();
  ASSERT_THAT(once.AddSampledGaussian(1, 0.1, 3), IsOk());
  ASSERT_THAT(once.AddGaussian(5, 2), IsOk());
  EXPECT_NEAR(once.divergences()[1],
              3 * SampledGaussianRdp(1, 0.1, 2.5).value() + 2 * 2.5 / 50,
              1e-13);
}

TEST(RdpTest, AddingOftenIsNoCheaperThanAddingOnce) {
  auto often = RdpAccountant::Create({2, 17.5}).value();
  auto once = RdpAccountant::Create({2, 17.5}).value();
  for (int i = 0; i < 10000; ++i) {
    ASSERT_THAT(often.Add([](double order) { return order / 30; }, 1), IsOk());
  }
  ASSERT_THAT(once.Add([](double order) { return order / 30; }, 10000), IsOk());
  for (int i = 0; i < 2; ++i) {
    EXPECT_GE(often.divergences()[i], once.divergences()[i] * (1 - 1e-15));
    EXPECT_NEAR(often.divergences()[i] / once.divergences()[i], 1, 1e-11);
  }
}

TEST(RdpTest, ArgumentsOutOfRangeAreNamedAndChangeNothing) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(RdpAccountant::Create({}), StatusIs(kInvalidArgument));
  for (const double order : {1.0, nan, 1e9}) {
    EXPECT_THAT(RdpAccountant::Create({order}),
                StatusIs(kInvalidArgument, testing::HasSubstr("order")));
  }
  auto accountant = RdpAccountant::Create({2}).value();
  EXPECT_THAT(accountant.AddGaussian(nan, 1),
              StatusIs(kInvalidArgument, testing::HasSubstr("noise")));
  EXPECT_THAT(accountant.AddSampledGaussian(1, 1.1, 1),
              StatusIs(kInvalidArgument, testing::HasSubstr("sampling")));
  EXPECT_THAT(accountant.AddGaussian(1, 0),
              StatusIs(kInvalidArgument, testing::HasSubstr("count")));
  EXPECT_THAT(accountant.Add([&](double) { return nan; }, 1),
              StatusIs(kInvalidArgument, testing::HasSubstr("divergence")));
  EXPECT_EQ(accountant.divergences()[0], 0);
  EXPECT_THAT(accountant.Epsilon(nan), StatusIs(kInvalidArgument));
  EXPECT_THAT(accountant.Delta(-1), StatusIs(kInvalidArgument));
}

}  // namespace
}  // namespace sotto::privacy
