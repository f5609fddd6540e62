#include "privacy/accounting/mechanism_curve.h"

#include "base/status.h"
#include "privacy/accounting/ranges.h"

namespace sotto::privacy {

absl::Status AddMechanism(const Mechanism& mechanism, Adjacency adjacency,
                          RdpAccountant& total) {
  if (const auto* run = std::get_if<SampledSteps>(&mechanism)) {
    if (adjacency == Adjacency::kReplace) {
      return absl::UnimplementedError(
          "sampled steps are accounted for one unit added or removed only");
    }
    return total.AddSampledGaussian(run->noise_multiplier,
                                    run->sampling_probability, run->steps);
  }
  if (const auto* run = std::get_if<DistributedReleases>(&mechanism)) {
    DistributedNoise noise = run->noise;
    noise.replace_adjacency = adjacency == Adjacency::kReplace;
    return total.Add(
        [&](double order) { return DistributedNoiseRdp(noise, order); },
        run->releases);
  }
  // rho of a Gaussian release does not depend on delta.
  SOTTO_ASSIGN_OR_RETURN(const Guarantee guarantee,
                         AccountEpsilon(mechanism, adjacency, 0.5));
  return total.Add(
      [&](double order) { return *guarantee.rho * order * (1 + 0x1p-51); }, 1);
}

}  // namespace sotto::privacy
