#include "privacy/accounting/zcdp.h"

#include <cmath>

#include "gtest/gtest.h"
#include "privacy/accounting/gaussian.h"
#include "privacy/accounting/rdp.h"
#include "tests/support/status_matchers.h"

namespace sotto::privacy {
namespace {

using absl::StatusCode::kInvalidArgument;

TEST(ZcdpTest, BothConversionsAgreeWithTheirKnownAnswers) {
  // The digits beyond 3.424007 and 0.993550 are from 40-digit arithmetic.
  EXPECT_NEAR(GaussianEpsilonFromRho(0.1506840301548885, 1e-10).value(),
              3.424007273061, 1e-11);
  EXPECT_NEAR(GaussianEpsilonFromRho(0.014342572340349278, 1e-10).value(),
              0.993549957020, 1e-11);
  EXPECT_NEAR(ZcdpEpsilon(0.1506840301548885, 1e-10).value(), 3.582, 5e-4);
  EXPECT_NEAR(ZcdpEpsilon(0.014342572340349278, 1e-10).value(), 1.0423, 5e-5);
}

TEST(ZcdpTest, TheGenericConversionIsNeverBelowTheGaussianCurve) {
  for (double rho = 1e-6; rho < 100; rho *= 3) {
    for (const double delta : {1e-2, 1e-6, 1e-12}) {
      EXPECT_GE(ZcdpEpsilon(rho, delta).value(),
                GaussianEpsilonFromRho(rho, delta).value());
    }
  }
}

TEST(ZcdpTest, EveryOrderMinimisedOverBeatsTheGrid) {
  auto grid = RdpAccountant::Create(DefaultRdpOrders()).value();
  const double rho = GaussianRho(3, 6).value();
  EXPECT_NEAR(rho, 0.125, 1e-12);
  ASSERT_THAT(grid.AddGaussian(2, 1), IsOk());
  EXPECT_LE(ZcdpEpsilon(rho, 1e-6).value(), grid.Epsilon(1e-6).value().value);
  EXPECT_NEAR(ZcdpEpsilon(rho, 1e-6).value(), grid.Epsilon(1e-6).value().value,
              1e-3);
}

TEST(ZcdpTest, DeltaInvertsEpsilonAndFallsWithIt) {
  const double epsilon = ZcdpEpsilon(0.1, 1e-6).value();
  EXPECT_NEAR(ZcdpDelta(0.1, epsilon).value(), 1e-6, 1e-13);
  EXPECT_GT(ZcdpDelta(0.1, epsilon / 2).value(), 1e-6);
}

TEST(ZcdpTest, ArgumentsOutOfRangeAreNamed) {
  for (const double rho : {0.0, -1.0, std::nan(""), 1e300}) {
    EXPECT_THAT(ZcdpEpsilon(rho, 1e-6),
                StatusIs(kInvalidArgument, testing::HasSubstr("rho")));
  }
  EXPECT_THAT(GaussianRho(1, 0), StatusIs(kInvalidArgument));
  EXPECT_THAT(ZcdpEpsilon(0.1, 0), StatusIs(kInvalidArgument));
}

}  // namespace
}  // namespace sotto::privacy
