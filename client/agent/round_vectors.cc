#include "client/agent/round_vectors.h"

#include <algorithm>
#include <bit>
#include <string>

#include "base/status.h"
#include "client/agent/noisy_round.h"
#include "privacy/fixed_point.h"
#include "privacy/rounds/exact_metrics.h"
#include "privacy/rounds/round_noise.h"

namespace sotto::client {
namespace {

absl::StatusOr<privacy::FixedPoint> EncodingOf(const v1::Plan& plan,
                                               std::uint32_t num_devices) {
  return privacy::FixedPoint::Create({.clip = plan.encode().clip_norm(),
                                      .scale = plan.encode().scale(),
                                      .bits = plan.encode().bits(),
                                      .max_weight = plan.encode().max_weight(),
                                      .num_devices = num_devices});
}

// One vector, whose entries fill the modulus.
absl::StatusOr<std::vector<secure_agg::VectorSpec>> NoisyVector(
    const v1::Plan& plan, std::size_t num_weights) {
  SOTTO_RETURN_IF_ERROR(privacy::CheckPrivacy(plan));
  const std::size_t length =
      std::bit_ceil(num_weights + privacy::kRoundMetrics);
  const std::uint32_t bits = plan.encode().bits();
  if (length > UINT32_MAX || bits > 32) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "plan '%s': %d coordinates of %d bits", plan.task(), length, bits));
  }
  return std::vector<secure_agg::VectorSpec>{
      {.name = "update",
       .length = static_cast<std::uint32_t>(length),
       .bits = bits,
       .bound = std::uint64_t{1} << bits,
       .modular = true}};
}

std::string Describe(const secure_agg::VectorSpec& spec) {
  return absl::StrFormat("%d elements of %d bits, bound %d%s", spec.length,
                         spec.bits, spec.bound,
                         spec.modular ? ", modular" : "");
}

}  // namespace

absl::StatusOr<std::vector<secure_agg::VectorSpec>> PlannedVectors(
    const v1::Plan& plan, std::size_t num_weights) {
  if (plan.has_privacy()) return NoisyVector(plan, num_weights);
  SOTTO_ASSIGN_OR_RETURN(const privacy::FixedPoint encoding,
                         EncodingOf(plan, 1));
  return std::vector<secure_agg::VectorSpec>{
      {.name = "update",
       .length = static_cast<std::uint32_t>(num_weights),
       .bits = plan.encode().bits(),
       .bound = encoding.range()},
      {.name = "metrics",
       .length = privacy::kMetricsLength,
       .bits = privacy::kMetricsBits,
       .bound = privacy::kMetricsBound}};
}

absl::Status CheckVectors(const v1::SessionManifest& manifest,
                          const v1::Plan& plan, std::size_t num_weights) {
  const std::string name = absl::StrFormat("manifest of task '%s' round %d",
                                           manifest.task(), manifest.round());
  SOTTO_ASSIGN_OR_RETURN(const auto planned, PlannedVectors(plan, num_weights));
  const auto offered = secure_agg::VectorsOf(manifest);
  for (const secure_agg::VectorSpec& wanted : planned) {
    const auto found =
        std::ranges::find(offered, wanted.name, &secure_agg::VectorSpec::name);
    if (found == offered.end() || *found != wanted) {
      return absl::PermissionDeniedError(absl::StrFormat(
          "%s: vector '%s' has %s; the plan says %s", name, wanted.name,
          found == offered.end() ? "no entry" : Describe(*found),
          Describe(wanted)));
    }
  }
  if (offered.size() != planned.size()) {
    return absl::PermissionDeniedError(
        absl::StrFormat("%s: %d vectors, the plan has %d", name, offered.size(),
                        planned.size()));
  }
  const absl::Status sums =
      secure_agg::CheckVectors(offered, manifest.cohort_size());
  if (!sums.ok()) {
    return absl::PermissionDeniedError(name + ": " +
                                       std::string(sums.message()));
  }
  if (!plan.has_privacy()) return absl::OkStatus();
  return EncodingFor(manifest, plan, num_weights).status();
}

absl::StatusOr<RoundVectors> EncodeRound(const v1::Plan& plan,
                                         const LocalResult& result) {
  SOTTO_ASSIGN_OR_RETURN(const privacy::FixedPoint encoding,
                         EncodingOf(plan, 1));
  const auto examples = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(result.examples, UINT32_MAX));
  RoundVectors vectors;
  vectors.update = encoding.Encode(result.update, examples);
  vectors.metrics = privacy::EncodeMetrics({
      static_cast<double>(encoding.EffectiveWeight(examples)),
      static_cast<double>(result.eval_count),
      static_cast<double>(result.eval_correct),
      static_cast<double>(result.examples),
      result.loss_sum * kLossUnitsPerOne,
  });
  return vectors;
}

}  // namespace sotto::client
