// Softmax cross-entropy over integer labels: L = mean_n -ln
// softmax(z_n)[label_n].

#ifndef SOTTO_TRAINING_AUTODIFF_LOSS_H_
#define SOTTO_TRAINING_AUTODIFF_LOSS_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace sotto::training {

struct LossResult {
  double loss_sum = 0;      // over the batch
  std::size_t correct = 0;  // arg-max equals the label, ties to the first
};

// `outputs` are rows x classes logits, or probabilities of a trailing SOFTMAX
// (`from_probabilities`). Writes d(loss_sum / rows)/d(logits) to `gradient`,
// which may be empty. Labels lie in [0, classes), asserted.
LossResult SoftmaxCrossEntropy(std::span<const float> outputs,
                               std::span<const std::int32_t> labels,
                               bool from_probabilities,
                               std::span<float> gradient);

}  // namespace sotto::training

#endif  // SOTTO_TRAINING_AUTODIFF_LOSS_H_
