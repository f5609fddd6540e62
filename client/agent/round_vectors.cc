#include "client/agent/round_vectors.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/status.h"
#include "privacy/fixed_point.h"

namespace sotto::client {
namespace {

using Vector = v1::SessionManifest::Vector;

absl::Status Refuse(const v1::SessionManifest& manifest,
                    const std::string& what) {
  return absl::PermissionDeniedError(
      absl::StrFormat("manifest of task '%s' round %d: %s", manifest.task(),
                      manifest.round(), what));
}

absl::StatusOr<privacy::FixedPoint> EncodingOf(
    const v1::SessionManifest& manifest, const v1::Plan& plan) {
  return privacy::FixedPoint::Create({.clip = plan.encode().clip_norm(),
                                      .scale = plan.encode().scale(),
                                      .bits = plan.encode().bits(),
                                      .max_weight = plan.encode().max_weight(),
                                      .num_devices = manifest.cohort_size()});
}

const Vector* Find(const v1::SessionManifest& manifest,
                   const std::string& name) {
  const Vector* found = nullptr;
  for (const Vector& vector : manifest.vectors()) {
    if (vector.name() == name) found = &vector;
  }
  return found;
}

// n (R - 1) + 1 <= 2^b: the cohort's sum does not wrap around.
bool SumFits(const Vector& vector, std::uint32_t cohort_size) {
  if (vector.bits() == 0 || vector.bits() > 32 || vector.bound() == 0 ||
      vector.bound() > (std::uint64_t{1} << 32)) {
    return false;
  }
  return cohort_size * (vector.bound() - 1) <
         (std::uint64_t{1} << vector.bits());
}

}  // namespace

absl::Status CheckVectors(const v1::SessionManifest& manifest,
                          const v1::Plan& plan, std::size_t num_weights) {
  const Vector* update = Find(manifest, "update");
  const Vector* metrics = Find(manifest, "metrics");
  if (manifest.vectors_size() != 2 || update == nullptr || metrics == nullptr) {
    return Refuse(manifest, "the vectors must be 'update' and 'metrics'");
  }
  if (update->length() != num_weights) {
    return Refuse(manifest,
                  absl::StrFormat("vector 'update' has %d elements, the model "
                                  "has %d weights",
                                  update->length(), num_weights));
  }
  if (update->bits() != plan.encode().bits()) {
    return Refuse(manifest,
                  absl::StrFormat("vector 'update' has %d bits, the plan says "
                                  "%d",
                                  update->bits(), plan.encode().bits()));
  }
  const absl::StatusOr<privacy::FixedPoint> encoding =
      EncodingOf(manifest, plan);
  if (!encoding.ok()) {
    return Refuse(manifest, std::string(encoding.status().message()));
  }
  if (update->bound() != encoding->range()) {
    return Refuse(manifest,
                  absl::StrFormat("vector 'update' has the bound %d, the plan "
                                  "gives %d",
                                  update->bound(), encoding->range()));
  }
  if (metrics->length() != kNumMetrics || metrics->bits() != 32) {
    return Refuse(manifest, "vector 'metrics' must have 5 elements of 32 bits");
  }
  for (const Vector* vector : {update, metrics}) {
    if (!SumFits(*vector, manifest.cohort_size())) {
      return Refuse(manifest, "a sum of vector '" + vector->name() +
                                  "' over the cohort could wrap around");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<RoundVectors> EncodeRound(const v1::SessionManifest& manifest,
                                         const v1::Plan& plan,
                                         const LocalResult& result) {
  SOTTO_ASSIGN_OR_RETURN(const privacy::FixedPoint encoding,
                         EncodingOf(manifest, plan));
  const auto examples = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(result.examples, UINT32_MAX));
  const std::uint64_t most = Find(manifest, "metrics")->bound() - 1;
  const auto capped = [&](double value) {
    if (!(value > 0)) return std::uint32_t{0};
    return static_cast<std::uint32_t>(
        std::min(static_cast<double>(most), std::round(value)));
  };
  RoundVectors vectors;
  vectors.update = encoding.Encode(result.update, examples);
  vectors.metrics = {
      capped(encoding.EffectiveWeight(examples)),
      capped(static_cast<double>(result.eval_count)),
      capped(static_cast<double>(result.eval_correct)),
      capped(static_cast<double>(result.examples)),
      capped(result.loss_sum * kLossUnitsPerOne),
  };
  return vectors;
}

}  // namespace sotto::client
