#include "watermark/detect/alignment.h"

#include <cmath>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "watermark/attack/attacks.h"
#include "watermark/test_models.h"

namespace sotto::watermark {
namespace {

using ::testing::HasSubstr;

double Cosine(const std::vector<LayerValues>& a,
              const std::vector<LayerValues>& b) {
  double dot = 0, left = 0, right = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].weights.size(), b[i].weights.size());
    for (std::size_t k = 0; k < a[i].weights.size(); ++k) {
      const double x = a[i].weights[k], y = b[i].weights[k];
      dot += x * y;
      left += x * x;
      right += y * y;
    }
  }
  return dot / std::sqrt(left * right);
}

std::vector<LayerValues> LayersOf(const runtime::Model& model) {
  return ReadLayers(model, BuildUnitGraph(model).value());
}

TEST(AlignTest, UndoesPermutationAndScaleExactly) {
  const runtime::Model model = Trained(Cnn(1), 2);
  const runtime::Model moved =
      ScaleUnits(PermuteUnits(model, 7).value(), 1.0, 8).value();
  ASSERT_LT(Cosine(LayersOf(model), LayersOf(moved)), 0.5);
  const auto aligned = Align(model, moved);
  ASSERT_THAT(aligned, IsOk());
  EXPECT_GT(Cosine(LayersOf(model), aligned->layers), 0.99999);
  EXPECT_GT(aligned->moved, 100u);  // of 112 units
  EXPECT_GT(aligned->rescaled, 90u);
  EXPECT_EQ(aligned->erased, 0u);
  EXPECT_GT(aligned->lineage, 0.99999);
}

TEST(AlignTest, FindsTheOrderThroughPruningAndNoise) {
  const runtime::Model model = Trained(Cnn(1), 2);
  const runtime::Model spoilt =
      AddNoise(Prune(PermuteUnits(model, 7).value(), 0.5).value(), 0.1, 9)
          .value();
  const auto aligned = Align(model, spoilt);
  ASSERT_THAT(aligned, IsOk());
  EXPECT_GT(Cosine(LayersOf(model), aligned->layers), 0.9);
  EXPECT_GT(aligned->lineage, 0.7);
}

TEST(AlignTest, ShowsNoLineageBetweenStrangers) {
  const auto aligned = Align(Trained(Cnn(1), 2), Trained(Cnn(2), 2));
  ASSERT_THAT(aligned, IsOk());
  EXPECT_LT(aligned->lineage, 0.5);
}

TEST(AlignTest, RefusesAnotherArchitectureAndSaysWhere) {
  const auto mlp = runtime::MakeArchitecture({.name = "mlp"}).value();
  EXPECT_THAT(Align(Cnn(1), mlp),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("4")));
  const auto two =
      runtime::MakeArchitecture({.name = "cnn", .classes = 2}).value();
  EXPECT_THAT(Align(Cnn(1), two),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("layer 3 differs in its number of units")));
}

TEST(TakeAsIsTest, LeavesEveryWeightAtItsPlace) {
  const runtime::Model model = Cnn(1);
  const auto plain = TakeAsIs(Cnn(2), model);
  ASSERT_THAT(plain, IsOk());
  EXPECT_GT(Cosine(LayersOf(model), plain->layers), 0.9999999);
  EXPECT_EQ(plain->moved, 0u);
}

}  // namespace
}  // namespace sotto::watermark
