#include "training/local/trainer.h"

#include <cmath>

#include "gtest/gtest.h"
#include "runtime/loader/architectures.h"
#include "tests/support/shared_data.h"
#include "tests/support/status_matchers.h"
#include "training/local/idx_dataset.h"

namespace sotto::training {
namespace {

using ::testing::HasSubstr;

// Four classes of 8x8 images: which quadrant is bright.
ExampleTable Quadrants(int count) {
  ExampleTable table(64);
  std::vector<float> image(64);
  for (int n = 0; n < count; ++n) {
    const int label = n % 4;
    for (int i = 0; i < 64; ++i) {
      const bool bright =
          (i / 8 >= 4) == (label >= 2) && (i % 8 >= 4) == (label % 2 == 1);
      image[static_cast<std::size_t>(i)] =
          (bright ? 0.8f : 0.1f) +
          0.1f * std::sin(static_cast<float>(n * 64 + i) * 1.7f);
    }
    table.Add(image, label);
  }
  return table;
}

runtime::Model Cnn() {
  return runtime::MakeArchitecture({.name = "cnn", .classes = 4}).value();
}

const TrainOptions kOptions = {.sgd = {.learning_rate = 0.05, .momentum = 0.9},
                               .epochs = 4,
                               .batch_size = 8,
                               .seed = 5};

TEST(TrainerTest, LearnsASeparableTaskCompletely) {
  Trainer trainer = Trainer::Create(Cnn(), kOptions).value();
  const ExampleTable examples = Quadrants(60);
  EXPECT_LT(trainer.Evaluate(examples)->accuracy(), 0.8);
  int epochs = 0;
  const auto report =
      trainer.Fit(examples, nullptr, [&](const FitReport&) { ++epochs; });
  ASSERT_THAT(report, IsOk());
  EXPECT_EQ(epochs, 4);
  EXPECT_EQ(report->examples, 240u);
  const auto evaluation = trainer.Evaluate(Quadrants(101));
  EXPECT_EQ(evaluation->count, 101u);
  EXPECT_EQ(evaluation->correct, 101u);
}

TEST(TrainerTest, TheSameSeedGivesTheSameBitsAndAnotherDoesNot) {
  const ExampleTable examples = Quadrants(30);
  const auto train = [&](std::uint64_t seed) {
    TrainOptions options = kOptions;
    options.seed = seed;
    Trainer trainer = Trainer::Create(Cnn(), options).value();
    EXPECT_THAT(trainer.Fit(examples), IsOk());
    return std::vector<float>(trainer.weights().begin(),
                              trainer.weights().end());
  };
  EXPECT_EQ(train(5), train(5));
  EXPECT_NE(train(5), train(6));
}

TEST(TrainerTest, AProximalTermKeepsTheWeightsNearTheirStart) {
  const ExampleTable examples = Quadrants(30);
  const auto distance = [&](double proximal) {
    TrainOptions options = kOptions;
    options.proximal = proximal;
    Trainer trainer = Trainer::Create(Cnn(), options).value();
    const std::vector<float> start(trainer.weights().begin(),
                                   trainer.weights().end());
    EXPECT_THAT(trainer.Fit(examples), IsOk());
    double sum = 0;
    for (std::size_t i = 0; i < start.size(); ++i) {
      sum += std::pow(trainer.weights()[i] - start[i], 2);
    }
    return std::sqrt(sum);
  };
  EXPECT_LT(distance(1.0), 0.8 * distance(0.0));
}

TEST(TrainerTest, CancelStopsBeforeTheNextBatch) {
  Trainer trainer = Trainer::Create(Cnn(), kOptions).value();
  const std::vector<float> start(trainer.weights().begin(),
                                 trainer.weights().end());
  const std::atomic<bool> cancel = true;
  EXPECT_THAT(trainer.Fit(Quadrants(30), &cancel),
              StatusIs(absl::StatusCode::kCancelled));
  EXPECT_TRUE(std::ranges::equal(trainer.weights(), start));
}

TEST(TrainerTest, BadInputIsNamed) {
  Trainer trainer = Trainer::Create(Cnn(), kOptions).value();
  EXPECT_THAT(trainer.Fit(ExampleTable(64)),
              StatusIs(absl::StatusCode::kInvalidArgument));
  ExampleTable wrong(3);
  wrong.Add(std::vector<float>(3), 0);
  EXPECT_THAT(trainer.Fit(wrong),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("64")));
  ExampleTable label(64);
  label.Add(std::vector<float>(64), 4);
  EXPECT_THAT(trainer.Fit(label), StatusIs(absl::StatusCode::kInvalidArgument,
                                           HasSubstr("classes")));
  EXPECT_THAT(trainer.SetWeights(std::vector<float>(3)),
              StatusIs(absl::StatusCode::kInvalidArgument));
  TrainOptions options = kOptions;
  options.sgd.momentum = 1;
  EXPECT_THAT(
      Trainer::Create(Cnn(), options),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("momentum")));
}

TEST(TrainerTest, DivergenceIsReportedAndUndone) {
  TrainOptions options = kOptions;
  options.sgd.learning_rate = 1e9;
  Trainer trainer = Trainer::Create(Cnn(), options).value();
  const std::vector<float> start(trainer.weights().begin(),
                                 trainer.weights().end());
  EXPECT_THAT(trainer.Fit(Quadrants(30)),
              StatusIs(absl::StatusCode::kInternal));
  EXPECT_TRUE(std::ranges::equal(trainer.weights(), start));
}

TEST(TrainerTest, ReachesEightyNinePercentOnTwoThousandMnistDigits) {
  SOTTO_SHARED_DATA_OR_SKIP(folder, "mnist");
  const ExampleTable all = ReadIdxFolder(folder, Split::kTrain).value();
  EXPECT_EQ(all.size(), 60000u);
  ExampleTable train(784), test(784);
  std::vector<float> row(784);
  for (std::size_t i = 0; i < 2500; ++i) {
    const std::int32_t label = all.Read(i, row);
    (i < 2000 ? train : test).Add(row, label);
  }
  Trainer trainer =
      Trainer::Create(
          runtime::MakeArchitecture({.name = "mlp", .height = 28, .width = 28})
              .value(),
          {.sgd = {.learning_rate = 0.05, .momentum = 0.9},
           .epochs = 12,
           .batch_size = 32})
          .value();
  ASSERT_THAT(trainer.Fit(train), IsOk());
  EXPECT_GT(trainer.Evaluate(test)->accuracy(), 0.89);
}

}  // namespace
}  // namespace sotto::training
