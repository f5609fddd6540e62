#include "training/aggregate/fed_avg.h"

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::training {
namespace {

TEST(FedAvgTest, TheMeanIsAddedToTheWeights) {
  std::vector<float> velocity;
  EXPECT_EQ(FedAvg(std::vector<float>{1, 2}, std::vector<double>{3, -6}, 3, {},
                   velocity)
                .value(),
            (std::vector<float>{2, 0}));
}

TEST(FedAvgTest, MomentumCarriesTheLastStep) {
  std::vector<float> velocity;
  const FedAvgParams params = {.server_learning_rate = 0.5,
                               .server_momentum = 0.5};
  const std::vector<double> sum = {2};
  auto w = FedAvg(std::vector<float>{0}, sum, 1, params, velocity).value();
  EXPECT_EQ(w[0], 1.0f);  // v = 2
  w = FedAvg(w, sum, 1, params, velocity).value();
  EXPECT_EQ(w[0], 2.5f);  // v = 3
}

TEST(FedAvgTest, ImpossibleSumsAreRefused) {
  std::vector<float> velocity;
  const std::vector<float> w = {1};
  EXPECT_THAT(FedAvg(w, std::vector<double>{1, 2}, 1, {}, velocity),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(FedAvg(w, std::vector<double>{1}, 0, {}, velocity),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(FedAvg(w, std::vector<double>{1e300}, 1, {}, velocity),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace sotto::training
