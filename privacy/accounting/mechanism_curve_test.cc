#include "privacy/accounting/mechanism_curve.h"

#include <vector>

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::privacy {
namespace {

using absl::StatusCode::kInvalidArgument;
using absl::StatusCode::kUnimplemented;

constexpr Adjacency kOne = Adjacency::kAddOrRemove;

DistributedReleases Distributed(IntegerNoise kind) {
  return {.noise = {.kind = kind,
                    .clip = 1,
                    .dimension = 1 << 16,
                    .scale = 1000,
                    .central_std = 5,
                    .contributors = 1000},
          .releases = 10};
}

std::vector<Mechanism> OneOfEach() {
  return {GaussianReleases{2, 10},
          SampledSteps{1, 0.01, 100, SampledAccountant::kRdp},
          TreeRun{7, {2000, 313, 6}},
          MatrixRun{1.411, 0.2, 400, {2000, 484, 3}},
          Distributed(IntegerNoise::kDiscreteGaussian),
          Distributed(IntegerNoise::kSkellam)};
}

TEST(MechanismCurveTest, RunsOfEveryKindAddUp) {
  auto total = RdpAccountant::Create(IntegerRdpOrders()).value();
  std::vector<double> sums(total.orders().size());
  for (const Mechanism& mechanism : OneOfEach()) {
    SCOPED_TRACE(mechanism.index());
    auto alone = RdpAccountant::Create(IntegerRdpOrders()).value();
    ASSERT_THAT(AddMechanism(mechanism, kOne, alone), IsOk());
    ASSERT_THAT(AddMechanism(mechanism, kOne, total), IsOk());
    for (std::size_t i = 0; i < sums.size(); ++i) {
      sums[i] += alone.divergences()[i];
      EXPECT_NEAR(total.divergences()[i] / sums[i], 1, 1e-12);
    }
    // A curve is a bound on what the run's own accountant says.
    EXPECT_GE(alone.Epsilon(1e-6)->value * (1 + 1e-9),
              AccountEpsilon(mechanism, kOne, 1e-6)->epsilon);
  }
  EXPECT_GT(total.Epsilon(1e-6)->value, 5);
}

TEST(MechanismCurveTest, ReplacingCostsFourTimesTheDivergence) {
  for (const Mechanism& mechanism : OneOfEach()) {
    SCOPED_TRACE(mechanism.index());
    auto one = RdpAccountant::Create({2, 8}).value();
    auto replaced = RdpAccountant::Create({2, 8}).value();
    ASSERT_THAT(AddMechanism(mechanism, kOne, one), IsOk());
    if (std::holds_alternative<SampledSteps>(mechanism)) {
      EXPECT_THAT(AddMechanism(mechanism, Adjacency::kReplace, replaced),
                  StatusIs(kUnimplemented));
      continue;
    }
    ASSERT_THAT(AddMechanism(mechanism, Adjacency::kReplace, replaced), IsOk());
    EXPECT_NEAR(replaced.divergences()[1] / one.divergences()[1], 4, 1e-6);
  }
}

TEST(MechanismCurveTest, WhatCannotBeAddedChangesNothing) {
  auto total = RdpAccountant::Create({2, 2.5}).value();
  EXPECT_THAT(AddMechanism(Distributed(IntegerNoise::kSkellam), kOne, total),
              StatusIs(kInvalidArgument, testing::HasSubstr("whole")));
  EXPECT_THAT(AddMechanism(GaussianReleases{0, 1}, kOne, total),
              StatusIs(kInvalidArgument, testing::HasSubstr("noise")));
  EXPECT_EQ(total.divergences()[0], 0);
}

}  // namespace
}  // namespace sotto::privacy
