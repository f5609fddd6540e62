#include "training/autodiff/loss.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace sotto::training {

LossResult SoftmaxCrossEntropy(std::span<const float> outputs,
                               std::span<const std::int32_t> labels,
                               bool from_probabilities,
                               std::span<float> gradient) {
  const std::size_t rows = labels.size();
  const std::size_t classes = outputs.size() / rows;
  assert(outputs.size() == rows * classes);
  LossResult result;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::span<const float> z = outputs.subspan(row * classes, classes);
    const auto label = static_cast<std::size_t>(labels[row]);
    assert(label < classes);
    const auto best = std::max_element(z.begin(), z.end());
    result.correct += static_cast<std::size_t>(best - z.begin()) == label;
    // ln of the sum of exp(z); for probabilities it is 0 and z = ln p.
    double log_sum = 0;
    if (!from_probabilities) {
      for (const float value : z) log_sum += std::exp(double{value} - *best);
      log_sum = *best + std::log(log_sum);
    }
    constexpr double kTiny = 1e-30;
    const double log_p = from_probabilities
                             ? std::log(std::max<double>(z[label], kTiny))
                             : double{z[label]} - log_sum;
    result.loss_sum -= log_p;
    if (gradient.empty()) continue;
    for (std::size_t i = 0; i < classes; ++i) {
      const double p =
          from_probabilities ? double{z[i]} : std::exp(double{z[i]} - log_sum);
      gradient[row * classes + i] = static_cast<float>(
          (p - (i == label ? 1.0 : 0.0)) / static_cast<double>(rows));
    }
  }
  return result;
}

}  // namespace sotto::training
