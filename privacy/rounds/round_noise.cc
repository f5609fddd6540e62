#include "privacy/rounds/round_noise.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <optional>

#include "base/status.h"
#include "privacy/accounting/distributed_noise.h"
#include "privacy/accounting/ranges.h"
#include "privacy/distributed/rotation.h"
#include "privacy/noise/banded_release.h"

namespace sotto::privacy {
namespace {

using Privacy = v1::Plan::Privacy;

// Of a matrix's rows that a coordinator keeps, 12 bytes each.
constexpr double kMaxKeptEntries = 1 << 27;

// To the accountant a coordinator is one honest device.
std::optional<IntegerNoise> KindOf(Privacy::Noise noise) {
  switch (noise) {
    case Privacy::DISCRETE_GAUSSIAN:
    case Privacy::COORDINATOR_GAUSSIAN:
    case Privacy::COORDINATOR_TREE:
    case Privacy::COORDINATOR_BANDED:
      return IntegerNoise::kDiscreteGaussian;
    case Privacy::SKELLAM:
      return IntegerNoise::kSkellam;
    default:
      return std::nullopt;
  }
}

DistributedNoise CoordinatorAccounting(const v1::Plan& plan,
                                       std::uint32_t padded_dimension) {
  return {.kind = IntegerNoise::kDiscreteGaussian,
          .clip = plan.encode().clip_norm(),
          .dimension = padded_dimension,
          .scale = plan.encode().scale(),
          .central_std = CentralStd(plan),
          .contributors = 1};
}

absl::Status Need(bool holds, const char* field, const char* wants) {
  if (holds) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("plan.privacy.%s wants %s", field, wants));
}

// The rounds of the run, and its matrix.
absl::Status CheckRounds(const v1::Plan& plan) {
  const Privacy& p = plan.privacy();
  const bool banded = p.noise() == Privacy::COORDINATOR_BANDED;
  SOTTO_RETURN_IF_ERROR(
      banded || p.noise() == Privacy::COORDINATOR_TREE
          ? Need(p.rounds() >= 1 && p.rounds() <= kMaxNoiseRounds, "rounds",
                 "the rounds of the whole tree or matrix, 1 to 2^20")
          : Need(p.rounds() == 0, "rounds",
                 "0: only the noise of a tree or matrix is of several rounds"));
  if (!banded) {
    return Need(p.coefficients().empty(), "coefficients",
                "none: only COORDINATOR_BANDED has a matrix");
  }
  SOTTO_RETURN_IF_ERROR(
      Annotate(NoiseMatrix(plan).status(), "plan.privacy.coefficients"));
  // So that a user's columns do not overlap.
  const std::uint32_t separation = plan.participation().min_separation_rounds();
  if (static_cast<std::uint64_t>(p.coefficients_size()) <=
      std::max<std::uint32_t>(1, separation)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrFormat(
      "plan.participation.min_separation_rounds is %d, wants at least the %d "
      "bands of plan.privacy.coefficients",
      separation, p.coefficients_size()));
}

absl::Status CheckCoordinatorNoise(const v1::Plan& plan,
                                   std::uint32_t padded_dimension) {
  SOTTO_RETURN_IF_ERROR(
      CheckScaleIsFine(CoordinatorAccounting(plan, padded_dimension)));
  if (plan.privacy().noise() != Privacy::COORDINATOR_BANDED) {
    return CoordinatorVariance(plan).status();
  }
  SOTTO_RETURN_IF_ERROR(MatrixStdSteps(plan).status());
  const double kept =
      1.0 * (plan.privacy().coefficients_size() - 1) * padded_dimension;
  if (kept <= kMaxKeptEntries) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "%d bands over vectors of %d coordinates, of which a coordinator keeps "
      "all rows but one, at most 2^27 coordinates in all; a tree keeps none",
      plan.privacy().coefficients_size(), padded_dimension));
}

}  // namespace

absl::Status CheckPrivacy(const v1::Plan& plan) {
  assert(plan.has_privacy());
  const Privacy& p = plan.privacy();
  SOTTO_RETURN_IF_ERROR(
      Need(KindOf(p.noise()).has_value(), "noise",
           "DISCRETE_GAUSSIAN or SKELLAM, added by the devices, or "
           "COORDINATOR_GAUSSIAN, COORDINATOR_TREE or COORDINATOR_BANDED"));
  SOTTO_RETURN_IF_ERROR(CheckRounds(plan));
  SOTTO_RETURN_IF_ERROR(Need(p.size_case() != Privacy::SIZE_NOT_SET,
                             "central_std",
                             "a value, or plan.privacy.noise_multiplier one"));
  SOTTO_RETURN_IF_ERROR(Need(CentralStd(plan) > 0, "central_std",
                             "noise above 0; leave plan.privacy out for none"));
  SOTTO_RETURN_IF_ERROR(Need(p.unit() == Privacy::USER, "unit",
                             "USER; no other unit is accounted for"));
  SOTTO_RETURN_IF_ERROR(
      Need(p.sampling() == Privacy::NO_AMPLIFICATION, "sampling",
           "NO_AMPLIFICATION; devices that come when they can are no sample"));
  SOTTO_RETURN_IF_ERROR(Need(p.epsilon() > 0 && std::isfinite(p.epsilon()),
                             "epsilon", "a finite number above 0"));
  SOTTO_RETURN_IF_ERROR(Annotate(CheckDelta(p.delta()), "plan.privacy"));
  return Need(plan.encode().max_weight() == 1, "noise",
              "plan.encode.max_weight 1: every device counts the same");
}

bool IsCoordinatorNoise(const v1::Plan& plan) {
  return plan.privacy().noise() == Privacy::COORDINATOR_GAUSSIAN ||
         NoiseRounds(plan) > 0;
}

bool IsDeviceNoise(const v1::Plan& plan) {
  return plan.has_privacy() && !IsCoordinatorNoise(plan);
}

std::uint64_t NoiseRounds(const v1::Plan& plan) {
  return plan.privacy().noise() == Privacy::COORDINATOR_TREE ||
                 plan.privacy().noise() == Privacy::COORDINATOR_BANDED
             ? plan.privacy().rounds()
             : 0;
}

absl::StatusOr<BandedMatrix> NoiseMatrix(const v1::Plan& plan) {
  const auto& coefficients = plan.privacy().coefficients();
  return BandedMatrix::Toeplitz(
      {coefficients.data(), static_cast<std::size_t>(coefficients.size())},
      plan.privacy().rounds());
}

double MetricBound(const v1::Plan& plan) {
  return plan.encode().clip_norm() / 10;
}

double WeightsClip(const v1::Plan& plan) {
  const double clip = plan.encode().clip_norm(), bound = MetricBound(plan);
  return std::sqrt(clip * clip - kRoundMetrics * bound * bound);
}

double CentralStd(const v1::Plan& plan) {
  const Privacy& p = plan.privacy();
  return p.size_case() == Privacy::kNoiseMultiplier
             ? p.noise_multiplier() * plan.encode().clip_norm()
             : p.central_std();
}

absl::StatusOr<double> MatrixStdSteps(const v1::Plan& plan) {
  const double steps = CentralStd(plan) * plan.encode().scale();
  if (steps >= 0.25 && steps <= BandedRelease::kMaxStd) return steps;
  return absl::InvalidArgumentError(absl::StrFormat(
      "noise of %g units at scale %g is %g steps, wants a quarter to 2^15 in a "
      "banded matrix; another scale gives others",
      CentralStd(plan), plan.encode().scale(), steps));
}

absl::StatusOr<Variance> CoordinatorVariance(const v1::Plan& plan) {
  const double steps = CentralStd(plan) * plan.encode().scale();
  const auto variance = Variance::AtLeast(steps * steps);
  if (variance.ok()) return variance;
  return absl::InvalidArgumentError(absl::StrFormat(
      "noise of %g units at scale %g is %g steps, wants a quarter to 2^31",
      CentralStd(plan), plan.encode().scale(), steps));
}

absl::StatusOr<NoisyEncoding> RoundEncoding(const v1::Plan& plan,
                                            std::size_t num_weights,
                                            const SessionSize& session) {
  SOTTO_RETURN_IF_ERROR(CheckPrivacy(plan));
  // Before the narrowing below; the encoding's own limit is lower.
  SOTTO_RETURN_IF_ERROR(CheckRange("trainable weights",
                                   static_cast<double>(num_weights), 1,
                                   UINT32_MAX - double{kRoundMetrics}));
  const bool by_devices = !IsCoordinatorNoise(plan);
  SOTTO_ASSIGN_OR_RETURN(
      NoisyEncoding encoding,
      NoisyEncoding::Create(
          {.noise = by_devices ? KindOf(plan.privacy().noise()) : std::nullopt,
           .dimension = static_cast<std::uint32_t>(num_weights + kRoundMetrics),
           .clip = plan.encode().clip_norm(),
           .scale = plan.encode().scale(),
           .bits = plan.encode().bits(),
           .central_std = by_devices ? CentralStd(plan) : 0,
           .num_devices = session.devices,
           .min_devices = session.min_devices,
           .corrupted_fraction = session.corrupted_fraction}));
  if (!by_devices) {
    SOTTO_RETURN_IF_ERROR(
        CheckCoordinatorNoise(plan, encoding.padded_dimension()));
  }
  return encoding;
}

crypto::Secret<32> RoundRotation(const v1::Plan& plan, ByteView session_id) {
  return IsCoordinatorNoise(plan) ? RotationSeed(AsBytes(plan.task()), "task")
                                  : RotationSeed(session_id, "update");
}

v1::NoisyRelease ReleaseOf(const v1::Plan& plan,
                           const NoisyEncoding& encoding) {
  const DistributedNoise noise =
      IsCoordinatorNoise(plan)
          ? CoordinatorAccounting(plan, encoding.padded_dimension())
          : encoding.accounting();
  v1::NoisyRelease release;
  release.set_noise(plan.privacy().noise());
  release.set_clip(noise.clip);
  release.set_padded_dimension(static_cast<std::uint64_t>(noise.dimension));
  release.set_scale(noise.scale);
  release.set_central_std(noise.central_std);
  release.set_contributors(static_cast<std::uint64_t>(noise.contributors));
  if (NoiseRounds(plan) > 0) {
    release.set_noise_rounds(NoiseRounds(plan));
    release.set_min_separation(plan.participation().min_separation_rounds());
  }
  if (plan.privacy().noise() == Privacy::COORDINATOR_BANDED) {
    const auto matrix = NoiseMatrix(plan);
    assert(matrix.ok());  // CheckRounds
    release.set_bands(static_cast<std::uint32_t>(matrix->bands()));
    release.set_column_norm(std::sqrt(matrix->SquaredColumnNorm()));
  }
  return release;
}

absl::Status SetNoise(const v1::NoisyRelease& release, LedgerEntry& entry) {
  const std::optional<IntegerNoise> kind = KindOf(release.noise());
  if (!kind.has_value()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "a release with noise %d, which is not known", release.noise()));
  }
  if (release.noise_rounds() > kMaxNoiseRounds) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "a release with noise of %d rounds", release.noise_rounds()));
  }
  const bool banded = release.bands() > 0;
  if (banded &&
      !(release.column_norm() > 0 && std::isfinite(release.column_norm()))) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "a release by a matrix of column norm %g", release.column_norm()));
  }
  entry.noise = {
      .kind = *kind,
      .clip = release.clip(),
      .dimension = static_cast<std::int64_t>(release.padded_dimension()),
      .scale = release.scale(),
      .central_std =
          release.central_std() / (banded ? release.column_norm() : 1),
      .contributors = static_cast<std::int64_t>(release.contributors()),
      .replace_adjacency = false};
  entry.noise_rounds = release.noise_rounds();
  entry.bands = release.bands();
  if (entry.noise_rounds > 0) entry.min_separation = release.min_separation();
  return absl::OkStatus();
}

}  // namespace sotto::privacy
