#include "watermark/attack/attacks.h"

#include <algorithm>
#include <cmath>

#include "gmock/gmock.h"
#include "runtime/host/interpreter.h"
#include "tests/support/status_matchers.h"
#include "watermark/test_models.h"

namespace sotto::watermark {
namespace {

using ::testing::HasSubstr;

std::vector<float> OutputOf(const runtime::Model& model) {
  auto interpreter = runtime::Interpreter::Create(model, {});
  EXPECT_THAT(interpreter, IsOk());
  const auto input = interpreter->input();
  for (std::size_t i = 0; i < input.size(); ++i) {
    input[i] = std::sin(static_cast<float>(i));
  }
  EXPECT_THAT(interpreter->Invoke(), IsOk());
  const auto output = interpreter->output();
  return {output.begin(), output.end()};
}

double LargestDifference(const std::vector<float>& a,
                         const std::vector<float>& b) {
  double largest = a.size() == b.size() ? 0 : HUGE_VAL;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - b[i]));
  }
  return largest;
}

TEST(AttacksTest, MovingAndRescalingUnitsKeepsTheFunction) {
  const runtime::Model model = Trained(Cnn(1), 2);
  const auto moved = PermuteUnits(model, 3);
  ASSERT_THAT(moved, IsOk());
  EXPECT_GT(LargestDifference(runtime::FlatWeights(model),
                              runtime::FlatWeights(*moved)),
            0.1);
  EXPECT_LT(LargestDifference(OutputOf(model), OutputOf(*moved)), 1e-3);
  const auto scaled = ScaleUnits(model, 1.0, 3);
  ASSERT_THAT(scaled, IsOk());
  EXPECT_GT(LargestDifference(runtime::FlatWeights(model),
                              runtime::FlatWeights(*scaled)),
            0.1);
  EXPECT_LT(LargestDifference(OutputOf(model), OutputOf(*scaled)), 1e-3);
}

TEST(AttacksTest, PruningZeroesTheShareAskedFor) {
  const auto pruned = Prune(Trained(Cnn(1), 1), 0.5);
  ASSERT_THAT(pruned, IsOk());
  std::size_t zeros = 0, all = 0;
  for (const std::int32_t tensor : pruned->WeightTensors()) {
    const auto values = pruned->Floats(tensor);
    if (pruned->tensors[static_cast<std::size_t>(tensor)].shape.rank < 2) {
      continue;  // a bias
    }
    all += values.size();
    zeros += static_cast<std::size_t>(std::ranges::count(values, 0.0f));
  }
  EXPECT_NEAR(static_cast<double>(zeros) / static_cast<double>(all), 0.5,
              0.001);
}

TEST(AttacksTest, QuantisingLeavesFewValuesAndALoadableFile) {
  const runtime::Model model = Trained(Cnn(1), 1);
  const auto file = Quantise(model, 3);
  ASSERT_THAT(file, IsOk());
  const runtime::Model loaded = Parsed(*file);
  // One scale a row of dense 1: seven levels each.
  const auto tensor = loaded.WeightTensors()[4];
  const auto values = loaded.Floats(tensor);
  std::vector<float> row(values.begin(), values.begin() + 512);
  std::ranges::sort(row);
  row.erase(std::unique(row.begin(), row.end()), row.end());
  EXPECT_LE(row.size(), 7u);
  EXPECT_GE(row.size(), 3u);
}

TEST(AttacksTest, TheSameSeedGivesTheSameNoise) {
  const runtime::Model model = Cnn(1);
  const auto noisy = [&](std::uint64_t seed) {
    return runtime::FlatWeights(AddNoise(model, 0.1, seed).value());
  };
  EXPECT_EQ(noisy(1), noisy(1));
  EXPECT_NE(noisy(1), noisy(2));
}

TEST(AttacksTest, RefusesParametersOutOfRange) {
  const runtime::Model model = Cnn(1);
  EXPECT_THAT(Prune(model, 1), StatusIs(absl::StatusCode::kInvalidArgument,
                                        HasSubstr("fraction")));
  EXPECT_THAT(Quantise(model, 1),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("bits")));
  EXPECT_THAT(Quantise(model, 9),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("bits")));
  EXPECT_THAT(
      ScaleUnits(model, -1, 1),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("spread")));
  EXPECT_THAT(AddNoise(model, std::nan(""), 1),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("level")));
}

}  // namespace
}  // namespace sotto::watermark
