// The mechanisms of sotto privacy: their flags, and what they describe.

#include <bit>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "tools/sotto/privacy_commands.h"

namespace sotto::tools {
namespace {

using privacy::Mechanism;
using privacy::Participation;

void AddRounds(CLI::App& command, PrivacyFlags& flags) {
  command.add_option("--rounds", flags.rounds, "rounds of the run")->required();
}

// Limits that devices enforce; without them a user may be in every round.
void AddLimits(CLI::App& command, PrivacyFlags& flags, bool required) {
  command
      .add_option("--max-participations", flags.max_participations,
                  "rounds that one user takes part in at most")
      ->required(required);
  command
      .add_option("--min-separation", flags.min_separation,
                  "rounds from one participation of a user to the next")
      ->required(required);
}

Participation Limits(const PrivacyFlags& flags) {
  return {.rounds = flags.rounds,
          .min_separation = flags.min_separation,
          .max_participations = flags.max_participations == 0
                                    ? flags.rounds
                                    : flags.max_participations};
}

absl::StatusOr<std::int64_t> Releases(const PrivacyFlags& flags) {
  const Participation limits = Limits(flags);
  SOTTO_RETURN_IF_ERROR(CheckParticipation(limits));
  return limits.Limit();
}

void GaussianOptions(CLI::App& command, PrivacyFlags& flags) {
  AddRounds(command, flags);
  AddLimits(command, flags, /*required=*/false);
}

absl::StatusOr<Mechanism> Gaussian(const PrivacyFlags& flags) {
  SOTTO_ASSIGN_OR_RETURN(const std::int64_t releases, Releases(flags));
  return privacy::GaussianReleases{flags.noise_multiplier, releases};
}

void PoissonOptions(CLI::App& command, PrivacyFlags& flags) {
  AddRounds(command, flags);
  command.add_option("--population", flags.population, "units to sample from")
      ->required();
  command.add_option("--cohort", flags.cohort, "expected units in a round")
      ->required();
  command
      .add_option("--accountant", flags.accountant,
                  "loss distributions, or the looser but instant Renyi curves")
      ->check(CLI::IsMember({"pld", "rdp"}))
      ->capture_default_str();
}

absl::StatusOr<Mechanism> Poisson(const PrivacyFlags& flags) {
  if (!(flags.cohort > 0 && flags.cohort <= flags.population)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--cohort is %g, must be above 0 and at most --population, %g",
        flags.cohort, flags.population));
  }
  return privacy::SampledSteps{
      flags.noise_multiplier, flags.cohort / flags.population, flags.rounds,
      flags.accountant == "rdp" ? privacy::SampledAccountant::kRdp
                                : privacy::SampledAccountant::kPld};
}

void TreeOptions(CLI::App& command, PrivacyFlags& flags) {
  AddRounds(command, flags);
  AddLimits(command, flags, /*required=*/true);
}

absl::StatusOr<Mechanism> Tree(const PrivacyFlags& flags) {
  return privacy::TreeRun{flags.noise_multiplier, Limits(flags)};
}

void BandedOptions(CLI::App& command, PrivacyFlags& flags) {
  TreeOptions(command, flags);
  command.add_option("--bands", flags.bands, "bands of the encoder matrix")
      ->required();
  command
      .add_option("--squared-column-norm", flags.squared_column_norm,
                  "largest of its columns; 1 where they are normalised")
      ->required();
}

absl::StatusOr<Mechanism> Banded(const PrivacyFlags& flags) {
  return privacy::MatrixRun{flags.noise_multiplier, flags.squared_column_norm,
                            flags.bands, Limits(flags)};
}

void DistributedOptions(CLI::App& command, PrivacyFlags& flags) {
  GaussianOptions(command, flags);
  command.add_option("--clip", flags.clip, "norm that devices clip to")
      ->required();
  command
      .add_option("--dimension", flags.dimension,
                  "coordinates; padded to a power of two")
      ->required();
  command.add_option("--scale", flags.scale, "integer steps per unit")
      ->required();
  command
      .add_option("--contributors", flags.contributors,
                  "devices sure to be honest and present in a round")
      ->required();
}

absl::StatusOr<Mechanism> Distributed(const PrivacyFlags& flags,
                                      privacy::IntegerNoise kind) {
  SOTTO_ASSIGN_OR_RETURN(const std::int64_t releases, Releases(flags));
  SOTTO_RETURN_IF_ERROR(privacy::CheckCount("--dimension", flags.dimension));
  return privacy::DistributedReleases{
      {.kind = kind,
       .clip = flags.clip,
       .dimension = static_cast<std::int64_t>(
           std::bit_ceil(static_cast<std::uint64_t>(flags.dimension))),
       .scale = flags.scale,
       .central_std = flags.noise_multiplier * flags.clip,
       .contributors = flags.contributors,
       .replace_adjacency = false},
      releases};
}

absl::StatusOr<Mechanism> DiscreteGaussian(const PrivacyFlags& flags) {
  return Distributed(flags, privacy::IntegerNoise::kDiscreteGaussian);
}

absl::StatusOr<Mechanism> Skellam(const PrivacyFlags& flags) {
  return Distributed(flags, privacy::IntegerNoise::kSkellam);
}

constexpr const char* kNoSampling =
    "devices that keep the participation limits; no sampling is assumed";

constexpr PrivacyMechanism kMechanisms[] = {
    {"gaussian", "fresh Gaussian noise in every round, no sampling",
     "--rounds 300 --max-participations 10", kNoSampling, GaussianOptions,
     Gaussian},
    {"poisson", "Gaussian noise on Poisson samples",
     "--rounds 1000 --population 100000 --cohort 500",
     "every unit joining every round by an independent, secret coin; devices "
     "that come when they are idle do not",
     PoissonOptions, Poisson},
    {"tree", "DP-FTRL: a tree of Gaussian noise over the rounds",
     "--rounds 2000 --min-separation 313 --max-participations 6", kNoSampling,
     TreeOptions, Tree},
    {"banded", "DP-FTRL: noise correlated by a banded matrix",
     "--rounds 2000 --bands 400 --squared-column-norm 1 --min-separation 484 "
     "--max-participations 3",
     kNoSampling, BandedOptions, Banded},
    {"discrete-gaussian", "devices add discrete Gaussian noise before masking",
     "--rounds 100 --clip 1 --dimension 65536 --scale 1000 --contributors 1000",
     "that many contributors adding their share of noise; no sampling is "
     "assumed",
     DistributedOptions, DiscreteGaussian},
    {"skellam", "devices add Skellam noise before masking",
     "--rounds 100 --clip 1 --dimension 65536 --scale 1000 --contributors 1000",
     "that many contributors adding their share of noise; no sampling is "
     "assumed",
     DistributedOptions, Skellam}};

}  // namespace

std::span<const PrivacyMechanism> PrivacyMechanisms() { return kMechanisms; }

}  // namespace sotto::tools
