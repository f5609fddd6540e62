#include "secure_agg/sharing/error_correction.h"

#include <algorithm>

#include "gtest/gtest.h"
#include "secure_agg/field/field61.h"
#include "secure_agg/field/polynomial61.h"
#include "tests/support/status_matchers.h"

namespace sotto::secure_agg {
namespace {

struct Sharing {
  crypto::Secret<32> secret;
  std::vector<Share> shares;
};

Sharing Make(crypto::Rng& rng, std::uint32_t threshold, std::size_t holders) {
  Sharing made;
  rng.Fill(made.secret.RevealMutable());
  std::vector<std::uint64_t> points;
  for (std::size_t i = 0; i < holders; ++i) points.push_back(3 * i + 1);
  made.shares = SplitSecret(made.secret, threshold, points, rng);
  return made;
}

TEST(Polynomial61Test, DivisionAndInterpolationUndoProducts) {
  crypto::SeededRng rng(AsBytes("polynomial"));
  const auto random = [&](std::size_t size) {
    Polynomial61 f(size);
    for (auto& c : f) c = 1 + crypto::UniformBelow(rng, field61::kPrime - 1);
    return f;
  };
  const Polynomial61 a = random(7), b = random(4), rest = random(3);
  const Polynomial61 minus = SubtractProduct(rest, a, b);  // rest - a b
  Polynomial61 product;
  for (const std::uint64_t c : SubtractProduct({}, {1}, minus)) {
    product.push_back(c);  // a b - rest
  }
  const Division61 back = Divide(product, a);
  EXPECT_EQ(back.quotient, b);
  EXPECT_EQ(SubtractProduct({}, {1}, back.remainder), rest);

  std::vector<std::uint64_t> x = {1, 2, 5, 9, field61::kPrime - 1}, y;
  const Polynomial61 f = random(5);
  for (const std::uint64_t point : x) y.push_back(Evaluate(f, point));
  EXPECT_EQ(Interpolate(WithRoots(x), x, y), f);
  EXPECT_EQ(Evaluate(WithRoots(x), 9), 0u);
}

TEST(ErrorCorrectionTest, EveryNumberOfWrongSharesUpToHalfTheSurplus) {
  crypto::SeededRng rng(AsBytes("gao"));
  for (const auto& [threshold, holders] :
       {std::pair{1u, 1u}, {1u, 4u}, {3u, 9u}, {7u, 12u}, {20u, 41u}}) {
    for (std::size_t wrong = 0; wrong <= (holders - threshold) / 2; ++wrong) {
      SCOPED_TRACE(testing::Message() << threshold << " of " << holders << ", "
                                      << wrong << " wrong");
      Sharing made = Make(rng, threshold, holders);
      std::vector<std::size_t> places(holders);
      for (std::size_t i = 0; i < holders; ++i) places[i] = i;
      for (std::size_t i = holders - 1; i > 0; --i) {
        std::swap(places[i], places[crypto::UniformBelow(rng, i + 1)]);
      }
      places.resize(wrong);
      std::ranges::sort(places);
      for (const std::size_t at : places) {
        // Any number of its limbs.
        const std::size_t limbs = 1 + crypto::UniformBelow(rng, kShareLimbs);
        for (std::size_t limb = 0; limb < limbs; ++limb) {
          std::uint64_t& value = made.shares[at].limbs[limb];
          value = field61::Add(
              value, 1 + crypto::UniformBelow(rng, field61::kPrime - 1));
        }
      }
      const auto back = CorrectShares(made.shares, threshold);
      ASSERT_THAT(back, IsOk());
      EXPECT_EQ(HexEncode(back->secret.Reveal()),
                HexEncode(made.secret.Reveal()));
      EXPECT_EQ(back->wrong, places);
    }
  }
}

TEST(ErrorCorrectionTest, OneMoreThanThatGivesNoSecret) {
  crypto::SeededRng rng(AsBytes("too many"));
  Sharing made = Make(rng, 5, 11);
  for (std::size_t i = 0; i < 4; ++i) {
    made.shares[2 * i].limbs[1] = crypto::UniformBelow(rng, field61::kPrime);
  }
  const auto back = CorrectShares(made.shares, 5);
  ASSERT_FALSE(back.ok());
  EXPECT_EQ(back.status().code(), absl::StatusCode::kDataLoss);
}

TEST(ErrorCorrectionTest, WrongLimbsOfDifferentHoldersCountTogether) {
  crypto::SeededRng rng(AsBytes("limbs"));
  Sharing made = Make(rng, 3, 7);  // two may be wrong
  for (std::size_t i = 0; i < 3; ++i) made.shares[i].limbs[i] ^= 1;
  const auto back = CorrectShares(made.shares, 3);
  ASSERT_FALSE(back.ok());
  EXPECT_EQ(back.status().code(), absl::StatusCode::kDataLoss);
}

TEST(ErrorCorrectionTest, FewerSharesThanTheThresholdAreRefused) {
  crypto::SeededRng rng(AsBytes("few"));
  Sharing made = Make(rng, 3, 5);
  made.shares.resize(2);
  EXPECT_EQ(CorrectShares(made.shares, 3).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sotto::secure_agg
