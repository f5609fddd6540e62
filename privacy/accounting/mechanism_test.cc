#include "privacy/accounting/mechanism.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "privacy/accounting/calibration.h"
#include "privacy/accounting/gaussian.h"
#include "privacy/accounting/pld.h"
#include "tests/support/status_matchers.h"

namespace sotto::privacy {
namespace {

using absl::StatusCode::kFailedPrecondition;
using absl::StatusCode::kInvalidArgument;
using absl::StatusCode::kUnimplemented;

constexpr Adjacency kOne = Adjacency::kAddOrRemove;

const DistributedReleases kDistributed = {
    .noise = {.kind = IntegerNoise::kDiscreteGaussian,
              .clip = 1,
              .dimension = 1 << 16,
              .scale = 1000,
              .central_std = 5,
              .contributors = 1000},
    .releases = 100};

std::vector<Mechanism> OneOfEach() {
  DistributedReleases skellam = kDistributed;
  skellam.noise.kind = IntegerNoise::kSkellam;
  return {GaussianReleases{2, 10},
          SampledSteps{1, 0.01, 100},
          SampledSteps{1, 0.01, 100, SampledAccountant::kRdp},
          TreeRun{7, {2000, 313, 6}},
          MatrixRun{1.411, 0.2, 400, {2000, 484, 3}},
          kDistributed,
          skellam};
}

TEST(MechanismTest, EachKindAsksItsAccountant) {
  const Guarantee gaussian =
      AccountEpsilon(GaussianReleases{2, 16}, kOne, 1e-6).value();
  EXPECT_NEAR(gaussian.epsilon, GaussianEpsilon(2, 1e-6).value(), 1e-9);
  EXPECT_EQ(gaussian.accountant, "gaussian");
  EXPECT_NEAR(gaussian.rho.value(), 2, 1e-12);

  const Guarantee sampled =
      AccountEpsilon(SampledSteps{1.5, 0.05, 100}, kOne, 1e-6).value();
  EXPECT_NEAR(sampled.epsilon, 1.94374, 2e-4);
  EXPECT_EQ(sampled.accountant, "pld");

  const Guarantee tree =
      AccountEpsilon(TreeRun{7, {2000, 313, 6}}, kOne, 1e-10).value();
  EXPECT_EQ(tree.squared_sensitivity.value(), 79);
  EXPECT_NEAR(tree.rho.value(), 0.806122, 1e-6);

  const Guarantee banded =
      AccountEpsilon(MatrixRun{1.411, 0.2, 400, {2000, 484, 3}}, kOne, 1e-10)
          .value();
  EXPECT_NEAR(banded.epsilon, 3.424007, 5e-7);

  const Guarantee distributed =
      AccountEpsilon(kDistributed, kOne, 1e-6).value();
  EXPECT_NEAR(distributed.epsilon, 11.9954859932, 1e-8);
  EXPECT_EQ(distributed.accountant, "rdp");
}

TEST(MechanismTest, ReplacingCostsAsMuchAsHalfTheNoise) {
  for (const Mechanism& mechanism : OneOfEach()) {
    if (std::holds_alternative<SampledSteps>(mechanism)) {
      EXPECT_THAT(AccountEpsilon(mechanism, Adjacency::kReplace, 1e-6),
                  StatusIs(kUnimplemented));
      continue;
    }
    const double replaced =
        AccountEpsilon(mechanism, Adjacency::kReplace, 1e-6)->epsilon;
    const Mechanism halved = WithNoise(mechanism, NoiseOf(mechanism) / 2);
    EXPECT_NEAR(replaced / AccountEpsilon(halved, kOne, 1e-6)->epsilon, 1,
                1e-6);
  }
}

TEST(MechanismTest, RenyiAnswersWhereItIsAskedFor) {
  const Guarantee guarantee =
      AccountEpsilon(SampledSteps{1.5, 0.04, 2250, SampledAccountant::kRdp},
                     kOne, 1e-5)
          .value();
  EXPECT_EQ(guarantee.accountant, "rdp");
  EXPECT_NEAR(guarantee.epsilon, 7.32911117143, 1e-10);
  EXPECT_EQ(guarantee.order.value(), 3.9);
}

TEST(MechanismTest, WhereNoGridFitsRenyiAnswers) {
  const Guarantee huge =
      AccountEpsilon(SampledSteps{0.01, 0.5, 1000000}, kOne, 1e-6).value();
  EXPECT_EQ(huge.accountant, "rdp");
  EXPECT_GT(huge.epsilon, 1e5);
}

TEST(CalibrationTest, CalibratedNoiseKeepsTheTargetAndLittleLessDoesNot) {
  for (const Mechanism& mechanism : OneOfEach()) {
    SCOPED_TRACE(mechanism.index());
    for (const double epsilon : {1.0, 6.0}) {
      const Calibration found =
          CalibrateNoise(mechanism, kOne, epsilon, 1e-6).value();
      EXPECT_LE(found.guarantee.epsilon, epsilon);
      EXPECT_GE(found.guarantee.epsilon, epsilon * 0.999);
      const Guarantee again =
          AccountEpsilon(found.mechanism, kOne, 1e-6).value();
      EXPECT_EQ(again.epsilon, found.guarantee.epsilon);
      const Mechanism less =
          WithNoise(found.mechanism, NoiseOf(found.mechanism) * 0.998);
      EXPECT_GT(AccountEpsilon(less, kOne, 1e-6)->epsilon, epsilon);
    }
  }
}

TEST(CalibrationTest, TheGaussianAgreesWithItsClosedForm) {
  const Calibration found =
      CalibrateNoise(GaussianReleases{0, 1}, kOne, 1, 1e-6).value();
  EXPECT_NEAR(NoiseOf(found.mechanism), 4.224678889, 1e-3);
  EXPECT_GE(NoiseOf(found.mechanism), 4.224678889);
}

TEST(CalibrationTest, AScaleThatDestroysTheGuaranteeIsRejected) {
  DistributedReleases coarse = kDistributed;
  coarse.noise.dimension = 1 << 20;
  coarse.noise.scale = 100;
  EXPECT_NEAR(AccountEpsilon(coarse, kOne, 1e-6)->epsilon, 121.5, 0.05);
  EXPECT_THAT(CalibrateNoise(coarse, kOne, 10, 1e-6),
              StatusIs(kInvalidArgument, testing::HasSubstr("too coarse")));
}

TEST(CalibrationTest, AskingForLittleStillKeepsHalfAStepOnEachDevice) {
  DistributedReleases alone = kDistributed;
  alone.noise.dimension = 4;
  alone.noise.scale = 20;
  alone.noise.contributors = 1;
  const Calibration found = CalibrateNoise(alone, kOne, 1e6, 1e-6).value();
  EXPECT_NEAR(NoiseOf(found.mechanism), 0.5 / 20, 1e-9);
}

TEST(CalibrationTest, TargetsThatCannotBeAreRefused) {
  for (const double epsilon : {0.0, -1.0, std::nan(""), HUGE_VAL}) {
    EXPECT_THAT(CalibrateNoise(GaussianReleases{0, 1}, kOne, epsilon, 1e-6),
                StatusIs(kInvalidArgument, testing::HasSubstr("epsilon")));
  }
  EXPECT_THAT(CalibrateNoise(GaussianReleases{0, 1}, kOne, 1, 0),
              StatusIs(kInvalidArgument, testing::HasSubstr("delta")));
  EXPECT_THAT(CalibrateNoise(MatrixRun{1, 1, 20, {100, 10, 2}}, kOne, 1, 1e-6),
              StatusIs(kFailedPrecondition));
  EXPECT_THAT(CalibrateNoise(GaussianReleases{0, 0}, kOne, 1, 1e-6),
              StatusIs(kInvalidArgument, testing::HasSubstr("releases")));
}

}  // namespace
}  // namespace sotto::privacy
