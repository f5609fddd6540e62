#include "privacy/rounds/round_noise.h"

#include <cassert>
#include <cmath>
#include <optional>

#include "base/status.h"
#include "privacy/accounting/ranges.h"

namespace sotto::privacy {
namespace {

using Privacy = v1::Plan::Privacy;

std::optional<IntegerNoise> KindOf(Privacy::Noise noise) {
  if (noise == Privacy::DISCRETE_GAUSSIAN) {
    return IntegerNoise::kDiscreteGaussian;
  }
  if (noise == Privacy::SKELLAM) return IntegerNoise::kSkellam;
  return std::nullopt;
}

absl::Status Need(bool holds, const char* field, const char* wants) {
  if (holds) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("plan.privacy.%s wants %s", field, wants));
}

}  // namespace

absl::Status CheckPrivacy(const v1::Plan& plan) {
  assert(plan.has_privacy());
  const Privacy& p = plan.privacy();
  SOTTO_RETURN_IF_ERROR(
      Need(KindOf(p.noise()).has_value(), "noise",
           "DISCRETE_GAUSSIAN or SKELLAM, added by the devices"));
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

absl::StatusOr<NoisyEncoding> RoundEncoding(const v1::Plan& plan,
                                            std::size_t num_weights,
                                            const SessionSize& session) {
  SOTTO_RETURN_IF_ERROR(CheckPrivacy(plan));
  // Before the narrowing below; the encoding's own limit is lower.
  SOTTO_RETURN_IF_ERROR(CheckRange("trainable weights",
                                   static_cast<double>(num_weights), 1,
                                   UINT32_MAX - double{kRoundMetrics}));
  return NoisyEncoding::Create(
      {.noise = KindOf(plan.privacy().noise()),
       .dimension = static_cast<std::uint32_t>(num_weights + kRoundMetrics),
       .clip = plan.encode().clip_norm(),
       .scale = plan.encode().scale(),
       .bits = plan.encode().bits(),
       .central_std = CentralStd(plan),
       .num_devices = session.devices,
       .min_devices = session.min_devices,
       .corrupted_fraction = session.corrupted_fraction});
}

v1::NoisyRelease ReleaseOf(const NoisyEncoding& encoding) {
  const DistributedNoise noise = encoding.accounting();
  v1::NoisyRelease release;
  release.set_noise(noise.kind == IntegerNoise::kSkellam
                        ? Privacy::SKELLAM
                        : Privacy::DISCRETE_GAUSSIAN);
  release.set_clip(noise.clip);
  release.set_padded_dimension(static_cast<std::uint64_t>(noise.dimension));
  release.set_scale(noise.scale);
  release.set_central_std(noise.central_std);
  release.set_contributors(static_cast<std::uint64_t>(noise.contributors));
  return release;
}

absl::StatusOr<DistributedNoise> NoiseOf(const v1::NoisyRelease& release) {
  const std::optional<IntegerNoise> kind = KindOf(release.noise());
  if (!kind.has_value()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "a release with noise %d, which is not known", release.noise()));
  }
  return DistributedNoise{
      .kind = *kind,
      .clip = release.clip(),
      .dimension = static_cast<std::int64_t>(release.padded_dimension()),
      .scale = release.scale(),
      .central_std = release.central_std(),
      .contributors = static_cast<std::int64_t>(release.contributors()),
      .replace_adjacency = false};
}

}  // namespace sotto::privacy
