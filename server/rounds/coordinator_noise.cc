#include "server/rounds/coordinator_noise.h"

#include <utility>

#include "base/status.h"
#include "privacy/noise/independent_release.h"
#include "privacy/noise/tree_release.h"
#include "privacy/rounds/round_noise.h"

namespace sotto::server {
namespace {

using Privacy = v1::Plan::Privacy;

absl::StatusOr<NoisySteps> AddRow(privacy::SumRelease& release,
                                  std::span<const std::int32_t> sum) {
  NoisySteps steps{.values = std::vector<double>(sum.size())};
  SOTTO_RETURN_IF_ERROR(release.Next(sum, steps.values));
  return steps;
}

absl::StatusOr<NoisySteps> AddFresh(const v1::Plan& plan,
                                    const CoordinatorNoise& noise,
                                    std::span<const std::int32_t> sum) {
  SOTTO_ASSIGN_OR_RETURN(const auto variance,
                         privacy::CoordinatorVariance(plan));
  SOTTO_ASSIGN_OR_RETURN(
      auto release, privacy::IndependentRelease::Create(
                        sum.size(), variance, noise.seed, noise.round - 1));
  return AddRow(release, sum);
}

absl::StatusOr<NoisySteps> AddOfTree(const v1::Plan& plan,
                                     const CoordinatorNoise& noise,
                                     std::span<const std::int32_t> sum) {
  SOTTO_ASSIGN_OR_RETURN(const auto variance,
                         privacy::CoordinatorVariance(plan));
  SOTTO_ASSIGN_OR_RETURN(auto release, privacy::TreeRelease::Create(
                                           sum.size(), variance, noise.seed,
                                           {.rounds = noise.released}));
  release.Skip(noise.round - noise.released - 1);
  return AddRow(release, sum);
}

absl::StatusOr<NoisySteps> AddOfMatrix(const v1::Plan& plan,
                                       CoordinatorNoise noise,
                                       std::span<const std::int32_t> sum) {
  SOTTO_ASSIGN_OR_RETURN(const double std, privacy::MatrixStdSteps(plan));
  SOTTO_ASSIGN_OR_RETURN(privacy::BandedMatrix matrix,
                         privacy::NoiseMatrix(plan));
  const std::size_t kept = matrix.bands() - 1;
  SOTTO_ASSIGN_OR_RETURN(privacy::BandedRelease release,
                         privacy::BandedRelease::Create(
                             sum.size(), std::move(matrix), std, noise.seed));
  SOTTO_RETURN_IF_ERROR(release.Resume(noise.released, std::move(noise.rows)));
  NoisySteps steps{.values = std::vector<double>(sum.size())};
  const std::vector<std::int32_t> skipped(sum.size(), 0);
  std::vector<double> row(sum.size());
  for (std::uint64_t t = noise.released + 1; t <= noise.round; ++t) {
    SOTTO_RETURN_IF_ERROR(release.Next(t == noise.round ? sum : skipped, row));
    for (std::size_t i = 0; i < row.size(); ++i) steps.values[i] += row[i];
    if (t + kept > noise.round) steps.rows.push_back(release.last_row());
  }
  return steps;
}

}  // namespace

absl::StatusOr<NoisySteps> AddCoordinatorNoise(
    const v1::Plan& plan, CoordinatorNoise noise,
    std::span<const std::int32_t> sum) {
  const std::uint64_t rounds = privacy::NoiseRounds(plan);
  if (noise.round <= noise.released || (rounds > 0 && noise.round > rounds)) {
    return absl::FailedPreconditionError(
        absl::StrFormat("noise of round %d after round %d, of %d", noise.round,
                        noise.released, rounds));
  }
  switch (plan.privacy().noise()) {
    case Privacy::COORDINATOR_GAUSSIAN:
      return AddFresh(plan, noise, sum);
    case Privacy::COORDINATOR_TREE:
      return AddOfTree(plan, noise, sum);
    case Privacy::COORDINATOR_BANDED:
      return AddOfMatrix(plan, std::move(noise), sum);
    default:
      return absl::InvalidArgumentError(
          absl::StrFormat("noise %d is not a coordinator's",
                          static_cast<int>(plan.privacy().noise())));
  }
}

}  // namespace sotto::server
