#include "watermark/embed/owner_mark.h"

#include <algorithm>
#include <cmath>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "watermark/test_models.h"

namespace sotto::watermark {
namespace {

using ::testing::HasSubstr;

const Nonce kNonce = {1, 2, 3};

TEST(EmbedOwnerMarkTest, ReachesTheStrengthAskedForAndThenStops) {
  const Bytes plain = runtime::WriteModel(Cnn(1));
  const OwnerKey key = KeyFor(1);
  const auto once = EmbedOwnerMark(plain, key, kNonce, 0.1);
  ASSERT_THAT(once, IsOk());
  EXPECT_NEAR(once->before, 0, 0.03);
  const auto twice = EmbedOwnerMark(once->file, key, kNonce, 0.1);
  ASSERT_THAT(twice, IsOk());
  EXPECT_NEAR(twice->before, 0.1, 1e-3);
  const auto a = runtime::FlatWeights(Parsed(once->file));
  const auto b = runtime::FlatWeights(Parsed(twice->file));
  for (std::size_t i = 0; i < a.size(); ++i) {
    ASSERT_NEAR(a[i], b[i], 1e-5) << i;
  }
}

TEST(EmbedOwnerMarkTest, ChangesHalfTheWeightsBetweenFirstAndLastLayer) {
  const runtime::Model plain = Cnn(1);
  const auto report =
      EmbedOwnerMark(runtime::WriteModel(plain), KeyFor(1), kNonce, 0.2);
  ASSERT_THAT(report, IsOk());
  const runtime::Model marked = Parsed(report->file);
  std::size_t changed = 0;
  const auto tensors = plain.WeightTensors();
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto before = plain.Floats(tensors[i]);
    const auto after = marked.Floats(marked.WeightTensors()[i]);
    ASSERT_EQ(before.size(), after.size());
    std::size_t here = 0;
    for (std::size_t k = 0; k < before.size(); ++k) {
      here += before[k] != after[k] ? 1 : 0;
    }
    // Weights and bias of four layers; conv 2 and dense 1 carry.
    EXPECT_EQ(here > 0, i == 2 || i == 4) << "tensor " << i;
    changed += here;
  }
  EXPECT_EQ(changed, report->weights);
  EXPECT_NEAR(static_cast<double>(changed), 37'376 / 2.0, 400);
}

TEST(EmbedOwnerMarkTest, TakesItsStrengthFromTheSizeOfTheModel) {
  EXPECT_DOUBLE_EQ(DefaultStrength(1000), 0.2);
  EXPECT_DOUBLE_EQ(DefaultStrength(40'000), 0.15);
  EXPECT_DOUBLE_EQ(DefaultStrength(100'000'000), 0.05);
}

TEST(EmbedOwnerMarkTest, NeitherKeyNorNonceAloneGivesTheSigns) {
  constexpr std::size_t kSize = 20'000;
  const auto agreement = [](const std::vector<std::int8_t>& a,
                            const std::vector<std::int8_t>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < kSize; ++i) sum += a[i] * b[i];
    return sum / std::sqrt(1.0 * kSize);
  };
  const auto signs = OwnerSigns(KeyFor(1), kNonce, kSize);
  EXPECT_EQ(agreement(signs, OwnerSigns(KeyFor(1), kNonce, kSize)),
            std::sqrt(1.0 * kSize));
  EXPECT_LT(std::abs(agreement(signs, OwnerSigns(KeyFor(2), kNonce, kSize))),
            4.5);
  EXPECT_LT(std::abs(agreement(signs, OwnerSigns(KeyFor(1), {}, kSize))), 4.5);
}

TEST(EmbedOwnerMarkTest, RefusesWhatCannotCarryAMark) {
  const Bytes plain = runtime::WriteModel(Cnn(1));
  const OwnerKey key = KeyFor(1);
  EXPECT_THAT(
      EmbedOwnerMark(plain, key, kNonce, 1.5),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("strength")));
  EXPECT_THAT(
      EmbedOwnerMark(plain, key, kNonce, std::nan("")),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("strength")));
  EXPECT_THAT(EmbedOwnerMark(AsBytes("TFL3"), key, kNonce, 0),
              StatusIs(absl::StatusCode::kInvalidArgument));
  const Bytes small =
      runtime::WriteModel(runtime::MakeArchitecture({.name = "mlp"}).value());
  EXPECT_THAT(EmbedOwnerMark(small, key, kNonce, 0),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("a mark needs 4096")));
  EXPECT_THAT(
      EmbedOwnerMark(runtime::WriteQuantizedModel(Cnn(1), 127), key, kNonce, 0),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("f32")));
}

}  // namespace
}  // namespace sotto::watermark
