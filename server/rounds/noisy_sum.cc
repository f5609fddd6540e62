#include "server/rounds/noisy_sum.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <span>
#include <utility>

#include "base/status.h"
#include "privacy/clip.h"
#include "privacy/distributed/noisy_decoder.h"
#include "privacy/distributed/noisy_encoder.h"
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

absl::Status TooLong(double norm, double limit, std::uint32_t included) {
  return absl::FailedPreconditionError(absl::StrFormat(
      "release withheld: the sum has norm %g, clipped updates of %d devices "
      "with their noise have at most %g",
      norm, included, limit));
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
  return norm <= limit ? absl::OkStatus() : TooLong(norm, limit, included);
}

// The sum of what the devices masked without noise, with the coordinator's.
absl::StatusOr<std::span<float>> DecodeWithNoise(
    const v1::Plan& plan, const privacy::NoisyEncoding& encoding,
    const RoundSum& sum, const crypto::Secret<32>& rotation,
    std::span<std::uint32_t> words,
    std::vector<privacy::BandedRow>& noise_rows) {
  const std::span<const std::int32_t> steps =
      privacy::CentreResidues(encoding.params().bits, words);
  double squares = 0;
  for (const double step : steps) squares += step * step;
  const double limit =
      sum.included *
      std::sqrt(static_cast<double>(encoding.max_squared_norm()));
  if (std::sqrt(squares) > limit * (1 + 1e-9)) {
    return TooLong(std::sqrt(squares), limit, sum.included);
  }
  SOTTO_ASSIGN_OR_RETURN(
      NoisySteps noisy,
      AddCoordinatorNoise(plan, std::move(*sum.noise), steps));
  noise_rows = std::move(noisy.rows);
  return privacy::DecodeSteps(encoding, rotation, noisy.values,
                              privacy::AsFloats(words));
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
  return privacy::ReleaseOf(plan, encoding);
}

absl::StatusOr<v1::NoisyRelease> SessionRelease(
    const v1::Plan& plan, std::size_t num_weights,
    const v1::SessionManifest& manifest) {
  SOTTO_ASSIGN_OR_RETURN(const privacy::NoisyEncoding encoding,
                         EncodingOf(plan, num_weights, manifest));
  return privacy::ReleaseOf(plan, encoding);
}

absl::StatusOr<NoisyMean> DecodeNoisyRound(const v1::Plan& plan,
                                           std::size_t num_weights,
                                           const RoundSum& sum) {
  assert(sum.manifest != nullptr);
  SOTTO_ASSIGN_OR_RETURN(const privacy::NoisyEncoding encoding,
                         EncodingOf(plan, num_weights, *sum.manifest));
  const crypto::Secret<32> rotation =
      privacy::RoundRotation(plan, secure_agg::SessionIdOf(*sum.manifest));
  std::vector<std::uint32_t> words = sum.update;  // decoded in place
  NoisyMean mean;
  std::span<const float> values;
  if (privacy::IsCoordinatorNoise(plan)) {
    if (words.size() != encoding.padded_dimension()) {
      return absl::InvalidArgumentError(
          absl::StrFormat("a sum of %d words, the encoding has %d",
                          words.size(), encoding.padded_dimension()));
    }
    SOTTO_ASSIGN_OR_RETURN(
        values,
        DecodeWithNoise(plan, encoding, sum, rotation, words, mean.noise_rows));
  } else {
    const auto decoded =
        privacy::DecodeNoisySum(encoding, rotation, sum.included, words);
    if (!decoded.ok()) return Annotate(decoded.status(), "release withheld");
    SOTTO_RETURN_IF_ERROR(CheckNorm(encoding, decoded->values, sum.included));
    mean.near_boundary = decoded->near_boundary;
    values = decoded->values;
  }
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
