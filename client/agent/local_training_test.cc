#include "client/agent/local_training.h"

#include <functional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "privacy/clip.h"
#include "runtime/loader/architectures.h"
#include "tests/support/status_matchers.h"

namespace sotto::client {
namespace {

using ::testing::HasSubstr;

// Two classes of 8x8 images: dark and bright.
class Shades final : public Examples {
 public:
  explicit Shades(std::size_t count) : count_(count) {}
  std::size_t size() const override { return count_; }
  std::int32_t Read(std::size_t index,
                    std::span<float> features) const override {
    const auto label = static_cast<std::int32_t>(index % 2);
    for (std::size_t i = 0; i < features.size(); ++i) {
      features[i] = static_cast<float>(label) * 0.8f +
                    static_cast<float>((index + i) % 3) * 0.05f;
    }
    return label;
  }

 private:
  const std::size_t count_;
};

class LocalTrainingTest : public ::testing::Test {
 protected:
  LocalTrainingTest()
      : graph_(
            runtime::MakeArchitecture({.name = "mlp", .classes = 2}).value()),
        weights_(runtime::FlatWeights(graph_)) {
    plan_.set_task("train");
    plan_.mutable_train()->set_learning_rate(0.05);
    plan_.mutable_train()->set_epochs(3);
    plan_.mutable_train()->set_batch_size(4);
    plan_.mutable_encode()->set_clip_norm(0.5);
    plan_.mutable_participation()->set_min_examples(8);
  }
  LocalTraining Work() {
    return {.graph = &graph_,
            .plan = &plan_,
            .weights = weights_,
            .examples = &train_,
            .evaluation = &test_,
            .device_id = device_id_,
            .round = 1,
            .cancel = nullptr};
  }

  const runtime::Model graph_;
  const std::vector<float> weights_;
  v1::Plan plan_;
  const Shades train_{20}, test_{6};
  const Bytes device_id_ = Bytes(16, 3);
};

TEST_F(LocalTrainingTest, TheUpdateIsClippedAndTheCountsAreTheDevices) {
  const auto result = TrainLocally(Work());
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->update.size(), weights_.size());
  const double norm = privacy::L2Norm(result->update);
  EXPECT_GT(norm, 0.0);
  EXPECT_LE(norm, 0.5 * 1.0001);
  EXPECT_EQ(result->examples, 20u);
  EXPECT_EQ(result->eval_count, 6u);
  EXPECT_GT(result->loss_sum, 0.0);
}

TEST_F(LocalTrainingTest, TheSameRoundGivesTheSameBitsAndAnotherDoesNot) {
  const auto first = TrainLocally(Work());
  const auto again = TrainLocally(Work());
  LocalTraining later = Work();
  later.round = 2;
  const auto other = TrainLocally(later);
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(again, IsOk());
  ASSERT_THAT(other, IsOk());
  EXPECT_EQ(first->update, again->update);
  EXPECT_NE(first->update, other->update);
}

TEST_F(LocalTrainingTest, APlanThatDoesNotFitIsRefused) {
  const struct {
    absl::StatusCode code;
    std::string names;
    std::function<void(v1::Plan&)> spoil;
  } cases[] = {
      {absl::StatusCode::kFailedPrecondition, "wants 21 examples",
       [](auto& p) { p.mutable_participation()->set_min_examples(21); }},
      {absl::StatusCode::kUnimplemented, "trains all weights",
       [](auto& p) { p.add_trainable("dense/kernel"); }},
      {absl::StatusCode::kInvalidArgument, "epochs",
       [](auto& p) { p.mutable_train()->set_epochs(0); }},
      {absl::StatusCode::kInvalidArgument, "clip_norm",
       [](auto& p) { p.mutable_encode()->set_clip_norm(0); }},
  };
  const v1::Plan good = plan_;
  for (const auto& c : cases) {
    plan_ = good;
    c.spoil(plan_);
    EXPECT_THAT(TrainLocally(Work()), StatusIs(c.code, HasSubstr(c.names)));
  }
}

TEST_F(LocalTrainingTest, CancelledTrainingGivesNoUpdate) {
  const std::atomic<bool> cancel = true;
  LocalTraining work = Work();
  work.cancel = &cancel;
  EXPECT_THAT(TrainLocally(work), StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(LocalTrainingTest, MeasuringCountsTheExamples) {
  const auto quality = MeasureModel(graph_, test_);
  ASSERT_THAT(quality, IsOk());
  EXPECT_EQ(quality->count, 6u);
  EXPECT_LE(quality->correct, 6u);
}

}  // namespace
}  // namespace sotto::client
