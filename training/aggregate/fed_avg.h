// Federated averaging with example weights inside the sum (McMahan et al. 2017,
// algorithm 1), and server momentum (FedAvgM, Hsu et al. 2019). Pure functions.

#ifndef SOTTO_TRAINING_AGGREGATE_FED_AVG_H_
#define SOTTO_TRAINING_AGGREGATE_FED_AVG_H_

#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace sotto::training {

struct FedAvgParams {
  double server_learning_rate = 1.0;
  double server_momentum = 0.0;  // in [0, 1)
};

// w' = w + server_learning_rate * v',  v' = server_momentum * v + mean,
// mean[i] = weighted_sum[i] / weight_sum.
//
// `velocity` is updated; empty means zero. INVALID_ARGUMENT: sizes differ,
// weight_sum is not positive, or the result is not finite.
absl::StatusOr<std::vector<float>> FedAvg(std::span<const float> weights,
                                          std::span<const double> weighted_sum,
                                          double weight_sum,
                                          const FedAvgParams& params,
                                          std::vector<float>& velocity);

}  // namespace sotto::training

#endif  // SOTTO_TRAINING_AGGREGATE_FED_AVG_H_
