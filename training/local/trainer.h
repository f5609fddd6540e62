// Iterative training over one device's examples: the loop that devices,
// `sotto train` and simulations share.
//
//   Create → SetWeights → Fit → weights
//
// Deterministic: the same model, weights, examples and options give the same
// bits. Not thread-safe; Fit stops within one batch of `cancel` being set.

#ifndef SOTTO_TRAINING_LOCAL_TRAINER_H_
#define SOTTO_TRAINING_LOCAL_TRAINER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/loader/model.h"
#include "training/autodiff/graph_gradient.h"
#include "training/local/example_source.h"
#include "training/optim/sgd.h"

namespace sotto::training {

struct TrainOptions {
  SgdParams sgd;
  // FedProx mu: adds mu * (w - w_start) to the gradient (Li et al. 2020).
  double proximal = 0.0;
  std::uint32_t epochs = 1;
  std::uint32_t batch_size = 32;
  std::uint64_t seed = 1;  // of the shuffles
};

struct FitReport {
  std::uint64_t examples = 0;  // seen, counted once per epoch
  std::uint32_t epochs = 0;    // completed
  double mean_loss = 0;        // over the last epoch that was begun
};

struct Evaluation {
  std::uint64_t count = 0;
  std::uint64_t correct = 0;
  double loss_sum = 0;
  double accuracy() const {
    return count == 0
               ? 0.0
               : static_cast<double>(correct) / static_cast<double>(count);
  }
};

class Trainer {
 public:
  // Keeps a copy of `model` (constants shared). INVALID_ARGUMENT names the
  // option that is out of range; otherwise errors of GraphGradient::Create.
  static absl::StatusOr<Trainer> Create(const runtime::Model& model,
                                        const TrainOptions& options);

  std::span<const float> weights() const { return weights_; }
  // INVALID_ARGUMENT: another count, or a value that is not finite.
  absl::Status SetWeights(std::span<const float> weights);
  // The model with the current weights.
  runtime::Model ToModel() const;

  // INVALID_ARGUMENT: no examples, another feature count, or a label outside
  // the model's classes. CANCELLED: `cancel` was set; the weights are those
  // reached. INTERNAL: the weights stopped being finite; they are restored to
  // where Fit began.
  absl::StatusOr<FitReport> Fit(
      const ExampleSource& examples, const std::atomic<bool>* cancel = nullptr,
      const std::function<void(const FitReport&)>& on_epoch = nullptr);

  // Errors as Fit; an empty source gives a count of zero.
  absl::StatusOr<Evaluation> Evaluate(const ExampleSource& examples);

 private:
  Trainer() = default;

  absl::Status Check(const ExampleSource& examples) const;
  GraphGradient& GraphFor(std::size_t batch);
  // Fills the graph's input and labels_ with the examples at `indices`.
  GraphGradient& LoadBatch(const ExampleSource& examples,
                           std::span<const std::size_t> indices);

  std::unique_ptr<runtime::Model> model_;
  TrainOptions options_;
  std::vector<float> weights_;
  // One graph per batch size: the full batch and the last, smaller ones.
  std::vector<std::unique_ptr<GraphGradient>> graphs_;
  std::vector<std::int32_t> labels_;
};

}  // namespace sotto::training

#endif  // SOTTO_TRAINING_LOCAL_TRAINER_H_
