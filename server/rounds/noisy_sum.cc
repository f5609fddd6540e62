#include "server/rounds/noisy_sum.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <span>

#include "base/status.h"
#include "privacy/clip.h"
#include "privacy/distributed/noisy_decoder.h"
#include "privacy/distributed/rotation.h"
#include "privacy/rounds/round_noise.h"
#include "secure_agg/signed_bytes.h"

namespace sotto::server {
namespace {

// Standard deviations by which the noise's norm may exceed its root mean
// square: exp(-8^2 / 2) < 2^-46 (Gaussian concentration of a norm).
constexpr double kNormStds = 8;

absl::StatusOr<privacy::NoisyEncoding> EncodingOf(const v1::Plan& plan,
                                                  std::size_t num_weights,
                                                  std::uint32_t devices) {
  return privacy::RoundEncoding(
      plan, num_weights,
      {.devices = devices,
       .min_devices = plan.secure_aggregation().min_cohort(),
       .corrupted_fraction = plan.secure_aggregation().corrupted_fraction()});
}

absl::StatusOr<privacy::NoisyEncoding> EncodingOf(
    const v1::Plan& plan, std::size_t num_weights,
    const v1::SessionManifest& manifest) {
  return privacy::RoundEncoding(
      plan, num_weights,
      {.devices = manifest.cohort_size(),
       .min_devices = manifest.min_survivors(),
       .corrupted_fraction = manifest.corrupted_fraction()});
}

// Clipped and rounded updates, whose norms are bounded, and the noise of all
// devices in the sum.
absl::Status CheckNorm(const privacy::NoisyEncoding& encoding,
                       std::span<const float> values, std::uint32_t included) {
  const privacy::NoisyEncodingParams& p = encoding.params();
  const double root = std::sqrt(encoding.padded_dimension());
  const double noise =
      std::sqrt(included * encoding.local_variance()->value()) / p.scale;
  const double clipped =
      std::sqrt(static_cast<double>(encoding.max_squared_norm())) / p.scale;
  // A little more for the floats of the rotation back.
  const double limit =
      (included * clipped + noise * (root + kNormStds)) * (1 + 1e-4);
  const double norm = privacy::L2Norm(values);
  if (norm <= limit) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrFormat(
      "release withheld: the sum has norm %g, clipped updates of %d devices "
      "with their noise have at most %g",
      norm, included, limit));
}

}  // namespace

absl::StatusOr<std::vector<secure_agg::VectorSpec>> NoisyVectors(
    const v1::Plan& plan, std::size_t num_weights, std::uint32_t cohort_min,
    std::uint32_t cohort_goal) {
  SOTTO_RETURN_IF_ERROR(EncodingOf(plan, num_weights, cohort_min).status());
  SOTTO_ASSIGN_OR_RETURN(const privacy::NoisyEncoding encoding,
                         EncodingOf(plan, num_weights, cohort_goal));
  const std::uint32_t bits = encoding.params().bits;
  return std::vector<secure_agg::VectorSpec>{
      {.name = "update",
       .length = encoding.padded_dimension(),
       .bits = bits,
       .bound = std::uint64_t{1} << bits,
       .modular = true}};
}

absl::StatusOr<v1::NoisyRelease> DearestRelease(const v1::Plan& plan,
                                                std::size_t num_weights,
                                                std::uint32_t cohort_min) {
  SOTTO_ASSIGN_OR_RETURN(const privacy::NoisyEncoding encoding,
                         EncodingOf(plan, num_weights, cohort_min));
  return privacy::ReleaseOf(encoding);
}

absl::StatusOr<v1::NoisyRelease> SessionRelease(
    const v1::Plan& plan, std::size_t num_weights,
    const v1::SessionManifest& manifest) {
  SOTTO_ASSIGN_OR_RETURN(const privacy::NoisyEncoding encoding,
                         EncodingOf(plan, num_weights, manifest));
  return privacy::ReleaseOf(encoding);
}

absl::StatusOr<NoisyMean> DecodeNoisyRound(const v1::Plan& plan,
                                           std::size_t num_weights,
                                           const RoundSum& sum) {
  assert(sum.manifest != nullptr);
  SOTTO_ASSIGN_OR_RETURN(const privacy::NoisyEncoding encoding,
                         EncodingOf(plan, num_weights, *sum.manifest));
  std::vector<std::uint32_t> words = sum.update;  // decoded in place
  const auto decoded = privacy::DecodeNoisySum(
      encoding,
      privacy::RotationSeed(secure_agg::SessionIdOf(*sum.manifest), "update"),
      sum.included, words);
  if (!decoded.ok()) return Annotate(decoded.status(), "release withheld");
  SOTTO_RETURN_IF_ERROR(CheckNorm(encoding, decoded->values, sum.included));
  NoisyMean mean;
  mean.near_boundary = decoded->near_boundary;
  const std::span<const float> values = decoded->values;
  mean.sum.assign(values.begin(),
                  values.begin() + static_cast<std::ptrdiff_t>(num_weights));
  // Means of numbers in [0, 1], so what noise adds beyond is known to be noise.
  const double units = sum.included * privacy::MetricBound(plan);
  const auto fraction = [&](std::size_t i) {
    return std::clamp(values[num_weights + i] / units, 0.0, 1.0);
  };
  mean.metrics.eval_count = sum.included;
  mean.metrics.eval_correct = fraction(0) * sum.included;
  mean.metrics.train_loss = fraction(1) * privacy::kLossCap;
  return mean;
}

}  // namespace sotto::server
