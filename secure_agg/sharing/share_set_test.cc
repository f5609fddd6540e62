#include "secure_agg/sharing/share_set.h"

#include <algorithm>

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::secure_agg {
namespace {

class ShareSetTest : public testing::Test {
 protected:
  // Shares of a new secret for all points but `owner`.
  std::vector<Share> Split(std::span<const std::uint64_t> points,
                           std::uint32_t threshold, std::uint64_t owner) {
    rng_.Fill(secret_.RevealMutable());
    std::vector<std::uint64_t> holders;
    std::ranges::copy_if(points, std::back_inserter(holders),
                         [&](std::uint64_t p) { return p != owner; });
    return SplitSecret(secret_, threshold, holders, rng_);
  }
  std::string Hex() const { return HexEncode(secret_.Reveal()); }

  crypto::SeededRng rng_{AsBytes("share set")};
  crypto::Secret<32> secret_;
};

TEST_F(ShareSetTest, EveryOwnerGetsItsSecretBack) {
  for (const auto& [threshold, count] :
       {std::pair{1u, 2u}, {1u, 5u}, {4u, 5u}, {4u, 9u}, {20u, 31u}}) {
    std::vector<std::uint64_t> points;
    for (std::uint64_t i = 0; i < count; ++i) points.push_back(2 * i + 3);
    const ShareSet set(points, threshold, rng_);
    std::vector<std::uint64_t> owners = points;
    owners.push_back(1);  // two that answered nothing
    owners.push_back(1000);
    for (const std::uint64_t owner : owners) {
      SCOPED_TRACE(testing::Message() << threshold << " of " << count
                                      << " points, owner " << owner);
      const auto shares = Split(points, threshold, owner);
      const auto combined = set.Combine(shares, owner);
      ASSERT_THAT(combined.secret, IsOk());
      EXPECT_EQ(HexEncode(combined.secret->Reveal()), Hex());
      EXPECT_TRUE(combined.consistent);
    }
  }
}

TEST_F(ShareSetTest, AnyWrongShareIsSeenWhereThereIsOneToSpare) {
  const std::vector<std::uint64_t> points = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  const ShareSet set(points, 4, rng_);
  for (const std::uint64_t owner :
       {std::uint64_t{2}, std::uint64_t{9}, std::uint64_t{77}}) {
    const auto shares = Split(points, 4, owner);
    for (std::size_t at = 0; at < shares.size(); ++at) {
      for (std::size_t limb = 0; limb < kShareLimbs; ++limb) {
        auto wrong = shares;
        wrong[at].limbs[limb] ^= 1;
        EXPECT_FALSE(set.Combine(wrong, owner).consistent)
            << owner << " " << at << " " << limb;
      }
    }
  }
}

// Any `threshold` shares lie on some polynomials: of another secret.
TEST_F(ShareSetTest, WithNoneToSpareNothingIsSeen) {
  const std::vector<std::uint64_t> points = {1, 2, 3, 4};
  const ShareSet set(points, 3, rng_);
  auto shares = Split(points, 3, 4);
  shares[0].limbs[0] ^= 1;
  const auto combined = set.Combine(shares, 4);
  EXPECT_TRUE(combined.consistent);
  EXPECT_TRUE(!combined.secret.ok() ||
              HexEncode(combined.secret->Reveal()) != Hex());
}

}  // namespace
}  // namespace sotto::secure_agg
