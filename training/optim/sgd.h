// Stochastic gradient descent with momentum and weight decay:
//   g = gradient + weight_decay * w,   v = momentum * v + g,
//   w = w - learning_rate * (nesterov ? g + momentum * v : v)
// (Sutskever et al. 2013, in the form of the common frameworks).

#ifndef SOTTO_TRAINING_OPTIM_SGD_H_
#define SOTTO_TRAINING_OPTIM_SGD_H_

#include <span>
#include <vector>

namespace sotto::training {

struct SgdParams {
  double learning_rate = 0.01;
  double momentum = 0.0;  // in [0, 1)
  double weight_decay = 0.0;
  bool nesterov = false;
};

// Not thread-safe.
class Sgd {
 public:
  Sgd(const SgdParams& params, std::size_t num_weights)
      : params_(params), velocity_(num_weights, 0.0f) {}

  // Sizes equal num_weights, asserted.
  void Step(std::span<const float> gradient, std::span<float> weights);

 private:
  SgdParams params_;
  std::vector<float> velocity_;
};

}  // namespace sotto::training

#endif  // SOTTO_TRAINING_OPTIM_SGD_H_
