#include "privacy/distributed/conditional_rounding.h"

#include <chrono>
#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "privacy/accounting/distributed_noise.h"
#include "privacy/distributed/reply_slot.h"
#include "tests/support/status_matchers.h"

namespace sotto::privacy {
namespace {

using ::testing::HasSubstr;

crypto::SeededRng TestRng(std::uint8_t seed) {
  const std::uint8_t bytes[] = {seed};
  return crypto::SeededRng(bytes);
}

std::vector<std::int64_t> RoundAll(double scale, const crypto::Secret<32>& key,
                                   std::span<const float> values) {
  std::vector<std::int64_t> out(values.size());
  Rounding(scale, key).Next(values, out);
  return out;
}

std::uint64_t SquaredNorm(std::span<const std::int64_t> values) {
  std::uint64_t sum = 0;
  for (const std::int64_t value : values) {
    sum += static_cast<std::uint64_t>(value * value);
  }
  return sum;
}

TEST(RoundingTest, EveryValueGoesToANeighbourAndItsMeanIsKept) {
  const std::vector<float> values = {0, 1, -1, 0.25f, -0.25f, 2.875f, -7.5f};
  constexpr double kScale = 3;
  constexpr int kDraws = 20000;
  std::vector<double> sums(values.size());
  crypto::SeededRng rng = TestRng(1);
  for (int draw = 0; draw < kDraws; ++draw) {
    crypto::Secret<32> key;
    rng.Fill(key.RevealMutable());
    const auto rounded = RoundAll(kScale, key, values);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double exact = values[i] * kScale;
      EXPECT_LT(std::abs(static_cast<double>(rounded[i]) - exact), 1);
      sums[i] += static_cast<double>(rounded[i]);
    }
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(sums[i] / kDraws, values[i] * kScale,
                4 * 0.5 / std::sqrt(kDraws))
        << values[i];
  }
}

TEST(RoundingTest, TilesContinueTheDrawOfTheWhole) {
  std::vector<float> values(101);
  for (std::size_t i = 0; i < 101; ++i) values[i] = 0.01f * float(i);
  crypto::Secret<32> key;
  const auto whole = RoundAll(10, key, values);
  std::vector<std::int64_t> tiled(101);
  Rounding rounding(10, key);
  rounding.Next(std::span(values).first(64), std::span(tiled).first(64));
  rounding.Next(std::span(values).subspan(64), std::span(tiled).subspan(64));
  EXPECT_EQ(tiled, whole);
}

TEST(DrawRoundingTest, TheDrawThatIsHandedOutMeetsTheBound) {
  // 10 in the norm over 1024 coordinates: one draw in a few is short enough.
  const std::vector<float> values(1024, 10.0f / 32);
  const double bound = RoundedNormBound(10, 1024, std::exp(-0.5)).value();
  EXPECT_NEAR(bound, 19.544820285692, 1e-9);
  const auto squared = static_cast<std::uint64_t>(bound * bound);
  crypto::SeededRng rng = TestRng(2);
  // A bound at the mean of the squared norm is missed by half of the draws.
  for (const std::uint64_t max : {squared, std::uint64_t{320}}) {
    for (int i = 0; i < 50; ++i) {
      const auto key =
          DrawRounding({.scale = 1, .max_squared_norm = max}, values, rng);
      ASSERT_THAT(key, IsOk());
      EXPECT_LE(SquaredNorm(RoundAll(1, *key, values)), max);
    }
  }
}

TEST(DrawRoundingTest, AVectorThatWasNotClippedIsRefused) {
  const std::vector<float> values(1024, 1.0f);
  crypto::SeededRng rng = TestRng(3);
  EXPECT_THAT(DrawRounding({.scale = 1, .max_squared_norm = 1024}, values, rng),
              IsOk());
  EXPECT_THAT(DrawRounding({.scale = 1, .max_squared_norm = 1023}, values, rng),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("1023")));
}

TEST(ReplySlotTest, AnswersLeaveAtMultiplesOfTheSlotWhateverTheyTook) {
  using std::chrono::nanoseconds;
  constexpr nanoseconds kSlot(250);
  for (int taken = 0; taken < 2000; ++taken) {
    const nanoseconds wait = WaitForSlot(nanoseconds(taken), kSlot);
    EXPECT_GE(wait.count(), 0);
    EXPECT_LT(wait, kSlot);
    EXPECT_EQ((taken + wait.count()) % 250, 0);
  }
}

}  // namespace
}  // namespace sotto::privacy
