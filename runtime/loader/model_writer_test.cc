#include "runtime/loader/model_writer.h"

#include <algorithm>
#include <cmath>
#include <functional>

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

// FNV-1a, 64 bits.
std::uint64_t Digest(const Bytes& bytes) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3u;
  return hash;
}

// Pinned, since plans in use pin it.
TEST(ModelWriterTest, EarlierNetworksKeepTheirArchitecture) {
  EXPECT_EQ(
      Digest(ArchitectureBytes(MakeArchitecture({.name = "mlp"}).value())),
      0xa758f2de0e6b2674u);
  EXPECT_EQ(
      Digest(ArchitectureBytes(MakeArchitecture({.name = "cnn"}).value())),
      0x1c4baa26feaeca28u);
}

TEST(ModelWriterTest, ArchitectureSeesWhatLaterOperatorsAdd) {
  const Model plain = MakeArchitecture({.name = "cnn"}).value();
  const Bytes before = ArchitectureBytes(plain);
  for (const auto& change : std::vector<std::function<void(Model&)>>{
           [](Model& m) { m.ops[0].options.alpha = 0.5f; },
           [](Model& m) { m.ops[0].options.transpose_b = true; },
           [](Model& m) { m.ops[0].options.out_type = ElementType::kFloat32; },
           [](Model& m) { m.ops[0].options.custom = m.Keep({1}); },
           [](Model& m) { m.ops[0].intermediates = {1}; },
           [](Model& m) { m.tensors[0].is_variable = true; },
           [](Model& m) { m.others.emplace_back(); }}) {
    Model changed = plain;
    change(changed);
    const Bytes after = ArchitectureBytes(changed);
    ASSERT_GT(after.size(), before.size());
    EXPECT_TRUE(
        std::ranges::equal(before, ByteView(after).first(before.size())));
  }
}

}  // namespace
}  // namespace sotto::runtime
