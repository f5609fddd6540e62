// S26: a budget that looks better than it is, since a question left something
// to a default.

#include <type_traits>

#include "gtest/gtest.h"
#include "privacy/accounting/calibration.h"
#include "privacy/accounting/mechanism.h"
#include "tests/support/status_matchers.h"

namespace sotto::privacy {
namespace {

using Account = decltype(&AccountEpsilon);
using Calibrate = decltype(&CalibrateNoise);

// Whether neighbours differ by a unit more or by one exchanged is always said.
static_assert(
    std::is_same_v<Account, absl::StatusOr<Guarantee> (*)(const Mechanism&,
                                                          Adjacency, double)>);
static_assert(std::is_same_v<Calibrate,
                             absl::StatusOr<Calibration> (*)(
                                 const Mechanism&, Adjacency, double, double)>);
template <typename... Arguments>
constexpr bool kCanAccount = requires(Arguments... arguments) {
  AccountEpsilon(arguments...);
};
static_assert(kCanAccount<Mechanism, Adjacency, double>);
static_assert(!kCanAccount<Mechanism, double>);
static_assert(!kCanAccount<Mechanism, Adjacency>);

TEST(S26AccountantMisuse, WhatAQuestionLeavesOutIsRefusedNotAssumed) {
  const Mechanism incomplete[] = {
      GaussianReleases{},
      GaussianReleases{.noise_multiplier = 1},
      GaussianReleases{.releases = 10},
      SampledSteps{.noise_multiplier = 1, .steps = 10},
      SampledSteps{.noise_multiplier = 1, .sampling_probability = 0.1},
      TreeRun{.noise_multiplier = 1, .participation = {}},
      MatrixRun{.noise_multiplier = 1,
                .squared_column_norm = 1,
                .bands = 1,
                .participation = {}},
      DistributedReleases{.noise = {}, .releases = 10},
  };
  for (const Mechanism& mechanism : incomplete) {
    EXPECT_THAT(AccountEpsilon(mechanism, Adjacency::kAddOrRemove, 1e-6),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << mechanism.index();
  }
}

// Devices that come when they can are no Poisson sample: the same rounds cost
// more unless the caller says that they are one.
TEST(S26AccountantMisuse, SamplingCountsOnlyWhereItIsAskedFor) {
  const auto plain =
      AccountEpsilon(GaussianReleases{.noise_multiplier = 2, .releases = 50},
                     Adjacency::kAddOrRemove, 1e-6);
  const auto sampled =
      AccountEpsilon(SampledSteps{.noise_multiplier = 2,
                                  .sampling_probability = 0.01,
                                  .steps = 50,
                                  .accountant = SampledAccountant::kRdp},
                     Adjacency::kAddOrRemove, 1e-6);
  ASSERT_THAT(plain, IsOk());
  ASSERT_THAT(sampled, IsOk());
  EXPECT_GT(plain->epsilon, 5 * sampled->epsilon);
  EXPECT_THAT(AccountEpsilon(SampledSteps{.noise_multiplier = 2,
                                          .sampling_probability = 0.01,
                                          .steps = 50},
                             Adjacency::kReplace, 1e-6),
              StatusIs(absl::StatusCode::kUnimplemented));
}

}  // namespace
}  // namespace sotto::privacy
