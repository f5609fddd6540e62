#include "server/rounds/committed_model.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "base/status.h"
#include "privacy/fixed_point.h"
#include "privacy/rounds/exact_metrics.h"
#include "privacy/rounds/round_noise.h"
#include "server/rounds/noisy_sum.h"
#include "training/aggregate/fed_avg.h"

namespace sotto::server {
namespace {

static_assert(std::endian::native == std::endian::little,
              "weights are stored as little-endian f32");

std::vector<float> Floats(ByteView bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  if (!values.empty()) {
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  }
  return values;
}

Bytes Raw(std::span<const float> values) {
  Bytes bytes(values.size_bytes());
  if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

absl::Status Withheld(const std::string& why) {
  return absl::FailedPreconditionError("release withheld: " + why);
}

// No mean of updates clipped to `clip` is longer than `clip`, but for half a
// unit of rounding in each coordinate of each update.
absl::Status CheckNorm(const v1::Plan::Encode& encode, const RoundSum& sum,
                       std::span<const double> decoded, double weight_sum) {
  double squares = 0;
  for (const double value : decoded) squares += value * value;
  const double norm = std::sqrt(squares) / weight_sum;
  const double rounding = 0.5 * sum.included *
                          std::sqrt(static_cast<double>(decoded.size())) /
                          encode.scale() / weight_sum;
  const double limit = encode.clip_norm() * (1 + 1e-6) + rounding;
  if (std::isfinite(norm) && norm <= limit) return absl::OkStatus();
  return Withheld(absl::StrFormat(
      "the mean update has norm %g, clipped updates have at most %g", norm,
      limit));
}

// What is averaged: `sum` over weights that add up to `weight_sum`.
struct Decoded {
  std::vector<double> sum;
  double weight_sum = 0;
  RoundMetrics metrics;
  double near_boundary = 0;
  std::vector<privacy::BandedRow> noise_rows = {};
};

absl::StatusOr<Decoded> DecodePlain(const v1::Plan& plan, const RoundSum& sum) {
  const v1::Plan::Encode& encode = plan.encode();
  const auto metrics = privacy::DecodeMetrics(sum.metrics);
  const auto weight = static_cast<double>(metrics[0]);
  if (weight < 1 ||
      weight > static_cast<double>(sum.included) * encode.max_weight()) {
    return Withheld(absl::StrFormat(
        "the weights add up to %g, %d devices can have 1 to %g", weight,
        sum.included, static_cast<double>(sum.included) * encode.max_weight()));
  }
  SOTTO_ASSIGN_OR_RETURN(
      const privacy::FixedPoint codec,
      privacy::FixedPoint::Create({.clip = encode.clip_norm(),
                                   .scale = encode.scale(),
                                   .bits = encode.bits(),
                                   .max_weight = encode.max_weight(),
                                   .num_devices = sum.cohort}));
  Decoded decoded{.sum = codec.DecodeSum(sum.update),
                  .weight_sum = weight / encode.max_weight(),
                  .metrics = {}};
  SOTTO_RETURN_IF_ERROR(
      CheckNorm(encode, sum, decoded.sum, decoded.weight_sum));
  decoded.metrics.eval_count = static_cast<double>(metrics[1]);
  decoded.metrics.eval_correct = static_cast<double>(metrics[2]);
  decoded.metrics.train_examples = static_cast<double>(metrics[3]);
  if (metrics[3] > 0) {
    decoded.metrics.train_loss = static_cast<double>(metrics[4]) * kLossUnit /
                                 static_cast<double>(metrics[3]);
  }
  return decoded;
}

absl::StatusOr<Decoded> DecodeNoisy(const v1::Plan& plan,
                                    std::size_t num_weights,
                                    const RoundSum& sum) {
  SOTTO_ASSIGN_OR_RETURN(NoisyMean mean,
                         DecodeNoisyRound(plan, num_weights, sum));
  return Decoded{.sum = std::move(mean.sum),
                 .weight_sum = static_cast<double>(sum.included),
                 .metrics = mean.metrics,
                 .near_boundary = mean.near_boundary,
                 .noise_rows = std::move(mean.noise_rows)};
}

// The sizes of a noisy sum are checked by its decoder.
absl::Status CheckParts(const v1::Plan& plan, std::size_t num_weights,
                        const RoundSum& sum) {
  if (plan.has_privacy() && sum.manifest == nullptr) {
    return absl::InvalidArgumentError(
        "sum: the plan's noise wants the session's manifest");
  }
  if (privacy::IsCoordinatorNoise(plan) && sum.noise == nullptr) {
    return absl::InvalidArgumentError(
        "sum: the plan wants the coordinator's noise");
  }
  if (!plan.has_privacy() && (sum.update.size() != num_weights ||
                              sum.metrics.size() != privacy::kMetricsLength)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "sum: %d entries for a model of %d weights, %d metrics, wants %d",
        sum.update.size(), num_weights, sum.metrics.size(),
        privacy::kMetricsLength));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CommittedModel> ApplySum(const v1::Plan& plan,
                                        const ServerStep& step,
                                        ByteView weights, ByteView velocity,
                                        const RoundSum& sum) {
  const std::vector<float> old = Floats(weights);
  const bool noisy = plan.has_privacy();
  SOTTO_RETURN_IF_ERROR(CheckParts(plan, old.size(), sum));
  const std::uint32_t floor = plan.secure_aggregation().min_cohort();
  if (sum.included < floor) {
    return Withheld(
        absl::StrFormat("%d devices are in the sum, the plan wants "
                        "%d",
                        sum.included, floor));
  }
  SOTTO_ASSIGN_OR_RETURN(
      Decoded decoded,
      noisy ? DecodeNoisy(plan, old.size(), sum) : DecodePlain(plan, sum));
  std::vector<float> momentum = Floats(velocity);
  const auto next =
      training::FedAvg(old, decoded.sum, decoded.weight_sum,
                       {.server_learning_rate = step.learning_rate,
                        .server_momentum = step.momentum},
                       momentum);
  if (!next.ok()) return Withheld(std::string(next.status().message()));
  return CommittedModel{.weights = Raw(*next),
                        .velocity = Raw(momentum),
                        .metrics = decoded.metrics,
                        .near_boundary = decoded.near_boundary,
                        .noise_rows = std::move(decoded.noise_rows)};
}

}  // namespace sotto::server
