#include "training/aggregate/fed_avg.h"

#include <cmath>

#include "base/status.h"

namespace sotto::training {

absl::StatusOr<std::vector<float>> FedAvg(std::span<const float> weights,
                                          std::span<const double> weighted_sum,
                                          double weight_sum,
                                          const FedAvgParams& params,
                                          std::vector<float>& velocity) {
  if (weighted_sum.size() != weights.size() ||
      (!velocity.empty() && velocity.size() != weights.size())) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the sum has %d coordinates, the model %d",
                        static_cast<std::int64_t>(weighted_sum.size()),
                        static_cast<std::int64_t>(weights.size())));
  }
  if (!(weight_sum > 0) || !std::isfinite(weight_sum)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the weights sum to %g", weight_sum));
  }
  velocity.resize(weights.size(), 0.0f);
  std::vector<float> next(weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    velocity[i] = static_cast<float>(params.server_momentum * velocity[i] +
                                     weighted_sum[i] / weight_sum);
    next[i] = static_cast<float>(weights[i] +
                                 params.server_learning_rate * velocity[i]);
    if (!std::isfinite(next[i])) {
      return absl::InvalidArgumentError(
          absl::StrFormat("coordinate %d is not finite after the update",
                          static_cast<std::int64_t>(i)));
    }
  }
  return next;
}

}  // namespace sotto::training
