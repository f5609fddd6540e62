#include "runtime/loader/model_writer.h"

#include <cmath>

#include "gtest/gtest.h"
#include "runtime/loader/architectures.h"
#include "runtime/loader/model_file.h"
#include "tests/support/status_matchers.h"

namespace sotto::runtime {
namespace {

TEST(ModelWriterTest, QuantizedWeightsComeBackWithinHalfAStep) {
  const Model model = MakeArchitecture({.name = "cnn"}).value();
  for (const int levels : {127, 7}) {
    const Model back = ParseModel(WriteQuantizedModel(model, levels)).value();
    const auto before = FlatWeights(model), after = FlatWeights(back);
    ASSERT_EQ(before.size(), after.size());
    float worst = 0, high = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
      worst = std::max(worst, std::fabs(before[i] - after[i]));
      high = std::max(high, std::fabs(before[i]));
    }
    EXPECT_LE(worst, 0.51f * high / static_cast<float>(levels));
    EXPECT_GT(worst, 0.0f);
  }
}

TEST(ModelWriterTest, FlatWeightsAreSetInTheOrderTheyAreRead) {
  Model model = MakeArchitecture({.name = "mlp"}).value();
  std::vector<float> weights = FlatWeights(model);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    weights[i] = static_cast<float>(i);
  }
  ASSERT_THAT(SetFlatWeights(model, weights), IsOk());
  EXPECT_EQ(FlatWeights(ParseModel(WriteModel(model)).value()), weights);
  weights.pop_back();
  EXPECT_THAT(SetFlatWeights(model, weights),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(ModelWriterTest, ArchitectureIgnoresWeightsAndSeesOptions) {
  const Model a = MakeArchitecture({.name = "cnn", .seed = 1}).value();
  Model b = MakeArchitecture({.name = "cnn", .seed = 2}).value();
  EXPECT_EQ(ArchitectureBytes(a), ArchitectureBytes(b));
  b.ops[0].options.activation = Activation::kNone;
  EXPECT_NE(ArchitectureBytes(a), ArchitectureBytes(b));
}

}  // namespace
}  // namespace sotto::runtime
