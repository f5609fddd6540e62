#include "client/agent/noisy_round.h"

#include <algorithm>
#include <span>
#include <string>

#include "base/status.h"
#include "privacy/clip.h"
#include "privacy/distributed/noisy_encoder.h"
#include "privacy/rounds/round_noise.h"

namespace sotto::client {
namespace {

// sum / count, 0 where there is nothing to divide, at most `cap`.
double CappedMean(double sum, std::uint64_t count, double cap) {
  if (count == 0 || !(sum > 0)) return 0;
  return std::min(cap, sum / static_cast<double>(count));
}

}  // namespace

absl::StatusOr<privacy::NoisyEncoding> EncodingFor(
    const v1::SessionManifest& manifest, const v1::Plan& plan,
    std::size_t num_weights) {
  const std::string name = absl::StrFormat("manifest of task '%s' round %d",
                                           manifest.task(), manifest.round());
  const v1::Plan::SecureAggregation& secure = plan.secure_aggregation();
  if (manifest.min_survivors() < secure.min_cohort() ||
      !(manifest.corrupted_fraction() >= secure.corrupted_fraction())) {
    return absl::PermissionDeniedError(absl::StrFormat(
        "%s: noise for %d devices of which a fraction of %g may omit theirs; "
        "the plan says %d and %g",
        name, manifest.min_survivors(), manifest.corrupted_fraction(),
        secure.min_cohort(), secure.corrupted_fraction()));
  }
  if (privacy::NoiseRounds(plan) > 0 &&
      manifest.round() > privacy::NoiseRounds(plan)) {
    return absl::PermissionDeniedError(
        absl::StrFormat("%s: the plan's noise is of %d rounds", name,
                        privacy::NoiseRounds(plan)));
  }
  const auto encoding = privacy::RoundEncoding(
      plan, num_weights,
      {.devices = manifest.cohort_size(),
       .min_devices = manifest.min_survivors(),
       .corrupted_fraction = manifest.corrupted_fraction()});
  if (encoding.ok()) return *encoding;
  return absl::PermissionDeniedError(name + ": " +
                                     std::string(encoding.status().message()));
}

absl::StatusOr<std::vector<std::uint32_t>> EncodeNoisyRound(
    const privacy::NoisyEncoding& encoding, const v1::Plan& plan,
    const LocalResult& result, ByteView session_id, crypto::Rng& rng) {
  const std::size_t count = result.update.size();
  if (encoding.params().dimension != count + privacy::kRoundMetrics) {
    return absl::InvalidArgumentError(
        absl::StrFormat("an update of %d weights, the round has %d coordinates",
                        count, encoding.params().dimension));
  }
  SOTTO_ASSIGN_OR_RETURN(const privacy::NoisyEncoder encoder,
                         privacy::NoisyEncoder::Create(encoding));
  std::vector<std::uint32_t> words(encoding.padded_dimension());
  {
    const std::span<float> values = privacy::AsFloats(words);
    std::ranges::copy(result.update, values.begin());
    privacy::ClipL2(values.first(count), privacy::WeightsClip(plan));
    const double bound = privacy::MetricBound(plan);
    values[count] = static_cast<float>(
        bound * CappedMean(static_cast<double>(result.eval_correct),
                           result.eval_count, 1));
    values[count + 1] = static_cast<float>(
        bound *
        CappedMean(result.loss_sum, result.examples, privacy::kLossCap) /
        privacy::kLossCap);
  }
  SOTTO_RETURN_IF_ERROR(
      encoder.Encode(privacy::RoundRotation(plan, session_id), rng, words));
  return words;
}

}  // namespace sotto::client
