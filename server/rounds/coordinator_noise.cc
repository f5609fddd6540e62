#include "server/rounds/coordinator_noise.h"

#include "base/status.h"
#include "privacy/noise/independent_release.h"
#include "privacy/noise/tree_release.h"
#include "privacy/rounds/round_noise.h"

namespace sotto::server {

absl::StatusOr<std::vector<double>> AddCoordinatorNoise(
    const v1::Plan& plan, const CoordinatorNoise& noise,
    std::span<const std::int32_t> sum) {
  const std::uint64_t tree_rounds = privacy::TreeRounds(plan);
  if (noise.round <= noise.released ||
      (tree_rounds > 0 && noise.round > tree_rounds)) {
    return absl::FailedPreconditionError(
        absl::StrFormat("noise of round %d after round %d, the tree has %d",
                        noise.round, noise.released, tree_rounds));
  }
  SOTTO_ASSIGN_OR_RETURN(const privacy::Variance variance,
                         privacy::CoordinatorVariance(plan));
  std::vector<double> out(sum.size());
  if (tree_rounds > 0) {
    SOTTO_ASSIGN_OR_RETURN(
        privacy::TreeRelease release,
        privacy::TreeRelease::Create(sum.size(), variance, noise.seed,
                                     {.rounds = noise.released}));
    release.Skip(noise.round - noise.released - 1);
    SOTTO_RETURN_IF_ERROR(release.Next(sum, out));
  } else {
    SOTTO_ASSIGN_OR_RETURN(
        privacy::IndependentRelease release,
        privacy::IndependentRelease::Create(sum.size(), variance, noise.seed,
                                            noise.round - 1));
    SOTTO_RETURN_IF_ERROR(release.Next(sum, out));
  }
  return out;
}

}  // namespace sotto::server
