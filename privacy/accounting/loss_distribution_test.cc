#include "privacy/accounting/loss_distribution.h"

#include <cmath>

#include "gtest/gtest.h"
#include "privacy/accounting/gaussian.h"
#include "privacy/accounting/sampled_gaussian_rdp.h"
#include "tests/support/status_matchers.h"

namespace sotto::privacy {
namespace {

double LossAt(const LossDistribution& loss, std::size_t i) {
  return loss.step *
         static_cast<double>(loss.lowest + static_cast<std::int64_t>(i));
}

double Delta(const LossDistribution& loss, double epsilon) {
  double delta = loss.infinity_mass;
  for (std::size_t i = 0; i < loss.mass.size(); ++i) {
    if (LossAt(loss, i) > epsilon) {
      delta += loss.mass[i] * -std::expm1(epsilon - LossAt(loss, i));
    }
  }
  return delta;
}

TEST(LossDistributionTest, MassesOfBothDensitiesSumToOne) {
  for (const Neighbor neighbor : {Neighbor::kRemove, Neighbor::kAdd}) {
    for (const double noise : {0.3, 1.0, 10.0}) {
      for (const double q : {1e-4, 0.3, 1.0}) {
        const auto loss = DiscretizeLoss(SampledGaussian(noise, q), neighbor,
                                         1e-3, std::log(1e-20))
                              .value();
        double p = loss.infinity_mass, other = 0;
        for (std::size_t i = 0; i < loss.mass.size(); ++i) {
          EXPECT_GE(loss.mass[i], 0);
          p += loss.mass[i];
          other += loss.mass[i] * std::exp(-LossAt(loss, i));
        }
        EXPECT_NEAR(p, 1, 1e-12) << noise << " " << q;
        EXPECT_NEAR(other, 1, 1e-9) << noise << " " << q;
      }
    }
  }
}

TEST(LossDistributionTest, DeltaIsExactAtGridPointsAndAboveBetweenThem) {
  const auto loss = DiscretizeLoss(SampledGaussian(1, 1), Neighbor::kRemove,
                                   0.25, std::log(1e-30))
                        .value();
  for (double epsilon = 0; epsilon < 8; epsilon += 0.25) {
    EXPECT_NEAR(Delta(loss, epsilon) / GaussianDelta(1, epsilon).value(), 1,
                1e-11);
    EXPECT_GT(Delta(loss, epsilon + 0.1),
              GaussianDelta(1, epsilon + 0.1).value());
  }
}

// E[e^(loss)] under the mixture is e to the divergence of order 2, which the
// chords can only enlarge, by step^2 at most.
TEST(LossDistributionTest, TheSecondMomentIsTheOrderTwoDivergence) {
  for (const double q : {1e-4, 0.05, 1.0}) {
    const double divergence = SampledGaussianRdp(2, q, 2).value();
    EXPECT_NEAR(SecondOrderDivergence(SampledGaussian(2, q)) / divergence, 1,
                1e-10);
    const auto loss = DiscretizeLoss(SampledGaussian(2, q), Neighbor::kRemove,
                                     1e-4, std::log(1e-30))
                          .value();
    double moment = 0;
    for (std::size_t i = 0; i < loss.mass.size(); ++i) {
      moment += loss.mass[i] * std::expm1(LossAt(loss, i));
    }
    EXPECT_GE(std::log1p(moment), divergence * (1 - 1e-9));
    EXPECT_NEAR(std::log1p(moment), divergence, 1e-8);
  }
}

TEST(LossDistributionTest, AGridThatIsTooFineIsRefused) {
  EXPECT_THAT(DiscretizeLoss(SampledGaussian(0.01, 1), Neighbor::kRemove, 1e-4,
                             std::log(1e-10)),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

}  // namespace
}  // namespace sotto::privacy
