#include "secure_agg/sharing/shamir.h"

#include <algorithm>

#include "gtest/gtest.h"
#include "secure_agg/field/field61.h"
#include "tests/support/status_matchers.h"

namespace sotto::secure_agg {
namespace {

std::vector<std::uint64_t> Points(std::size_t count) {
  std::vector<std::uint64_t> points;
  for (std::size_t i = 1; i <= count; ++i) points.push_back(i);
  return points;
}

TEST(Field61Test, ArithmeticHoldsAtTheEdges) {
  using field61::kPrime;
  EXPECT_EQ(field61::Add(kPrime - 1, 1), 0u);
  EXPECT_EQ(field61::Sub(0, 1), kPrime - 1);
  EXPECT_EQ(field61::Mul(kPrime - 1, kPrime - 1), 1u);
  for (const std::uint64_t a : {std::uint64_t{1}, std::uint64_t{2},
                                std::uint64_t{123456789}, kPrime - 1}) {
    EXPECT_EQ(field61::Mul(a, field61::Inverse(a)), 1u);
  }
}

TEST(ShamirTest, AnyThresholdSharesGiveTheSecretBack) {
  crypto::SeededRng rng(AsBytes("shamir"));
  crypto::Secret<32> secret;
  rng.Fill(secret.RevealMutable());
  for (const auto& [threshold, holders] :
       {std::pair{1u, 1u}, {2u, 3u}, {13u, 23u}, {23u, 23u}}) {
    auto shares = SplitSecret(secret, threshold, Points(holders), rng);
    for (int turn = 0; turn < 5; ++turn) {
      std::rotate(shares.begin(), shares.begin() + 1, shares.end());
      const auto back = CombineShares(std::span(shares).first(threshold));
      ASSERT_THAT(back, IsOk());
      EXPECT_EQ(HexEncode(back->Reveal()), HexEncode(secret.Reveal()));
    }
  }
}

TEST(ShamirTest, FewerSharesOrADamagedOneDoNot) {
  crypto::SeededRng rng(AsBytes("shamir"));
  crypto::Secret<32> secret;
  rng.Fill(secret.RevealMutable());
  auto shares = SplitSecret(secret, 3, Points(5), rng);
  const auto few = CombineShares(std::span(shares).first(2));
  EXPECT_TRUE(!few.ok() ||
              HexEncode(few->Reveal()) != HexEncode(secret.Reveal()));
  shares[1].limbs[0] ^= 1;
  const auto bad = CombineShares(std::span(shares).first(3));
  EXPECT_TRUE(!bad.ok() ||
              HexEncode(bad->Reveal()) != HexEncode(secret.Reveal()));
  EXPECT_EQ(InterpolateAt(std::span(shares).last(3), 1).limbs[0],
            shares[0].limbs[0]);
}

TEST(ShamirTest, SharesAreParsedStrictly) {
  Share share;
  share.limbs = {1, 2, 3, 4, field61::kPrime - 1};
  const Bytes bytes = EncodeShare(share);
  EXPECT_EQ(DecodeShare(bytes, 7)->limbs, share.limbs);
  EXPECT_THAT(DecodeShare(ByteView(bytes).first(39), 7),
              StatusIs(absl::StatusCode::kInvalidArgument));
  Bytes above = bytes;
  std::fill(above.end() - 8, above.end(), std::uint8_t{0xff});
  EXPECT_THAT(DecodeShare(above, 7),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace sotto::secure_agg
