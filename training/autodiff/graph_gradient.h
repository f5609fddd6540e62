// Forward and backward pass of a whole model at one batch size.
//
//   Create → (SetWeights → Forward → Backward)*
//
// All memory is taken in Create. Deterministic. Not thread-safe.

#ifndef SOTTO_TRAINING_AUTODIFF_GRAPH_GRADIENT_H_
#define SOTTO_TRAINING_AUTODIFF_GRAPH_GRADIENT_H_

#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/host/interpreter.h"
#include "runtime/loader/model.h"
#include "training/autodiff/loss.h"

namespace sotto::training {

class GraphGradient {
 public:
  // `model` is borrowed. UNIMPLEMENTED: an operator on the path from a weight
  // to the output has no gradient; the message names it and nothing was
  // allocated. INVALID_ARGUMENT: not one input and one output of [batch, ...].
  static absl::StatusOr<GraphGradient> Create(const runtime::Model& model,
                                              std::int32_t batch);

  // All weights end to end, in Model::WeightTensors order; borrowed until the
  // next call.
  void SetWeights(std::span<const float> weights);

  std::span<float> input() { return interpreter_->input(); }
  std::size_t num_weights() const { return num_weights_; }
  std::int32_t batch() const { return batch_; }
  std::size_t classes() const { return classes_; }

  // Runs the model on input() and judges its output.
  LossResult Forward(std::span<const std::int32_t> labels);
  // After Forward with the same labels: the gradient of the mean loss, in the
  // order of the weights, valid until the next Backward.
  std::span<const float> Backward(std::span<const std::int32_t> labels);

 private:
  GraphGradient() = default;

  std::unique_ptr<runtime::Interpreter> interpreter_;
  std::vector<std::int32_t> weight_tensors_;
  std::vector<std::size_t> weight_sizes_;
  std::size_t num_weights_ = 0;
  std::int32_t batch_ = 0;
  std::size_t classes_ = 0;
  std::size_t num_ops_ = 0;  // without a trailing SOFTMAX
  bool from_probabilities_ = false;
  std::int32_t logits_ = 0;  // tensor that the loss's gradient goes to
  std::vector<std::vector<float>> gradients_;  // per tensor; empty: not wanted
  std::vector<float> weight_gradient_;
  std::vector<float> scratch_;
};

}  // namespace sotto::training

#endif  // SOTTO_TRAINING_AUTODIFF_GRAPH_GRADIENT_H_
