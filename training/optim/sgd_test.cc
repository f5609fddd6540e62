#include "training/optim/sgd.h"

#include "gtest/gtest.h"

namespace sotto::training {
namespace {

TEST(SgdTest, StepsFollowTheFormula) {
  Sgd plain({.learning_rate = 0.5, .weight_decay = 0.1}, 1);
  std::vector<float> w = {2};
  plain.Step(std::vector<float>{1}, w);
  EXPECT_FLOAT_EQ(w[0], 2 - 0.5f * 1.2f);
  Sgd heavy({.learning_rate = 0.5, .momentum = 0.5}, 1);
  w = {0};
  heavy.Step(std::vector<float>{1}, w);
  heavy.Step(std::vector<float>{1}, w);
  EXPECT_FLOAT_EQ(w[0], -0.5f - 0.75f);
  Sgd nesterov({.learning_rate = 1, .momentum = 0.5, .nesterov = true}, 1);
  w = {0};
  nesterov.Step(std::vector<float>{1}, w);
  EXPECT_FLOAT_EQ(w[0], -1.5f);
}

}  // namespace
}  // namespace sotto::training
