#include "training/optim/sgd.h"

#include <cassert>

namespace sotto::training {

void Sgd::Step(std::span<const float> gradient, std::span<float> weights) {
  assert(gradient.size() == velocity_.size() &&
         weights.size() == velocity_.size());
  const auto rate = static_cast<float>(params_.learning_rate);
  const auto momentum = static_cast<float>(params_.momentum);
  const auto decay = static_cast<float>(params_.weight_decay);
  for (std::size_t i = 0; i < velocity_.size(); ++i) {
    const float g = gradient[i] + decay * weights[i];
    velocity_[i] = momentum * velocity_[i] + g;
    weights[i] -=
        rate * (params_.nesterov ? g + momentum * velocity_[i] : velocity_[i]);
  }
}

}  // namespace sotto::training
