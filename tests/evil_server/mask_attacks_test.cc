// Attacks on masks: S14 used twice, S15 drawn from a weak generator, S20 sums
// that wrap around.

#include <algorithm>
#include <set>

#include "crypto/hkdf.h"
#include "gtest/gtest.h"
#include "secure_agg/masking/mask.h"
#include "secure_agg/signed_bytes.h"
#include "tests/evil_server/evil_server.h"
#include "tests/evil_server/uniform.h"
#include "tests/support/status_matchers.h"

namespace sotto::evil {
namespace {

using ::testing::HasSubstr;

// Everything in a device's messages that its random bytes decide.
void Collect(const EvilServer& server, std::uint32_t device,
             std::multiset<std::string>& drawn) {
  for (const v1::StepRequest& sent : server.sent(device)) {
    if (sent.has_advertise()) {
      drawn.insert(sent.advertise().channel_key());
      drawn.insert(sent.advertise().mask_key());
      drawn.insert(sent.advertise().nonce());
    }
    if (sent.has_shares()) {
      drawn.insert(sent.shares().self_mask_commitment());
      for (const auto& share : sent.shares().shares()) {
        drawn.insert(share.ciphertext());
        drawn.insert(share.ciphertext().substr(0, 12));  // its nonce
      }
    }
    if (sent.has_input()) drawn.insert(sent.input().elements());
  }
}

TEST(S14MaskReuse, TwoSessionsOfTheSameInputsShareNothingThatIsDrawn) {
  Fleet fleet({});
  std::multiset<std::string> drawn;
  std::set<secure_agg::SessionId> sessions;
  for (const std::uint64_t round : {5u, 6u}) {
    EvilServer server(fleet, {.round = round});
    server.Run();
    ASSERT_THAT(server.inner().Result(), IsOk());
    sessions.insert(server.session());
    for (std::uint32_t i = 0; i < fleet.size(); ++i) Collect(server, i, drawn);
  }
  EXPECT_EQ(sessions.size(), 2u);
  // A session and device: three of the keys, a commitment, three ciphertexts
  // and their nonces, two vectors.
  EXPECT_EQ(drawn.size(), 2u * 4u * (3 + 1 + 6 + 2));
  EXPECT_EQ(std::set<std::string>(drawn.begin(), drawn.end()).size(),
            drawn.size());
}

TEST(S14MaskReuse, EveryMembersNonceIsUnderTheSessionId) {
  Fleet fleet({});
  EvilServer server(fleet, {});
  server.Run();
  std::vector<v1::KeyAdvertisement> members;
  for (std::uint32_t i = 0; i < fleet.size(); ++i) {
    members.push_back(server.advertisement(i));
  }
  const auto id = [&] {
    return secure_agg::SessionIdOf(server.MakeRoster(members).manifest());
  };
  const secure_agg::SessionId session = id();
  EXPECT_EQ(session, server.session());
  for (v1::KeyAdvertisement& keys : members) {
    const v1::KeyAdvertisement kept = keys;
    keys.mutable_nonce()->back() ^= 1;
    EXPECT_NE(id(), session);
    keys = kept;
  }
}

// The system's generator ends the process when it fails (crypto/rng.h). One
// that goes on with the same bytes is seen in the keys that it makes.
TEST(S14MaskReuse, AGeneratorThatRepeatsItselfEndsTheSession) {
  class Stuck final : public crypto::Rng {
    void Fill(std::span<std::uint8_t> bytes) override {
      std::ranges::fill(bytes, std::uint8_t{0x42});
    }
  } stuck;
  Fleet fleet({});
  fleet.device(0).set_rng(stuck);
  EvilServer server(fleet, {});
  server.Lie(v1::StepReply::kRoster, [&](std::uint32_t, v1::StepReply& reply) {
    *reply.mutable_roster() =
        server.MakeRoster({server.advertisement(0), server.advertisement(1),
                           server.advertisement(2), server.advertisement(3)});
  });
  server.Run();
  // The honest server refuses such keys, and so does every member.
  EXPECT_FALSE(server.refused().empty());
  for (std::uint32_t i = 0; i < fleet.size(); ++i) {
    EXPECT_THAT(server.outcome(i), StatusIs(kDenied, HasSubstr("a key")));
    EXPECT_TRUE(server.SentOf(i, v1::StepRequest::kShares).empty());
  }
}

TEST(S15WeakGenerator, MasksAreUniformOverTheWholeModulus) {
  const auto key = crypto::Secret<32>::FromBytes(
      std::array<std::uint8_t, 32>{1, 5, 0, 2, 0, 2, 6});
  for (const auto kind :
       {crypto::Prg::Kind::kAes256Ctr, crypto::Prg::Kind::kChaCha20}) {
    for (const std::uint32_t bits : {8u, 16u, 20u, 32u}) {
      std::vector<secure_agg::Mask> mask;
      mask.push_back({key.Clone(), secure_agg::Sign::kPlus});
      std::vector<std::uint32_t> values(1 << 18, 0);
      secure_agg::AddMasks(kind, mask, "update", bits, values);
      secure_agg::ReduceLanes(bits, values);
      ExpectUniform(values, bits);
      EXPECT_EQ(*std::ranges::max_element(values) >> (bits - 8), 255u);
    }
  }
}

TEST(S15WeakGenerator, AManifestThatNamesAnotherGeneratorIsRefused) {
  Fleet fleet({});
  EvilServer server(fleet, {});
  server.Lie(v1::StepReply::kRoster, [&](std::uint32_t, v1::StepReply& reply) {
    reply.mutable_roster()->mutable_manifest()->set_prg("mt19937");
    server.Sign(*reply.mutable_roster());
  });
  server.Run();
  for (std::uint32_t i = 0; i < fleet.size(); ++i) {
    EXPECT_FALSE(server.outcome(i).ok());
    EXPECT_TRUE(server.SentOf(i, v1::StepRequest::kShares).empty());
  }
}

// n (R - 1) + 1 with n = 4 and R = 2 scale + 1 is 65529 at scale 8191, and
// 65537, one more than 2^16, at 8192.
TEST(S20Overflow, AtTheBoundTheSumIsExact) {
  Fleet fleet({.scale = 8191, .bits = 16});
  for (std::uint32_t i = 0; i < fleet.size(); ++i) {
    auto& update = fleet.device(i).result().update;
    std::ranges::fill(update, 0.0f);
    update[3] = 1.0f;  // of norm 1, the largest there is
    update[4] = 0.0f;
  }
  EvilServer server(fleet, {.max_cohort = 4});
  server.Run();
  const auto result = server.inner().Result();
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->sums.at("update")[3], 4u * 8191u);
  EXPECT_LT(result->sums.at("update")[3], 1u << 15);
  // And the other way: -4 * 8191 mod 2^16 is no sum of positive ones.
  for (std::uint32_t i = 0; i < fleet.size(); ++i) {
    fleet.device(i).result().update[3] = -1.0f;
  }
  EvilServer negative(fleet, {.round = 6, .max_cohort = 4});
  negative.Run();
  ASSERT_THAT(negative.inner().Result(), IsOk());
  EXPECT_EQ(negative.inner().Result()->sums.at("update")[3],
            (1u << 16) - 4 * 8191u);
}

TEST(S20Overflow, OneStepBeyondTheBoundIsRefusedBeforeAnythingIsShared) {
  Fleet fleet({.scale = 8192, .bits = 16});
  // The honest server makes such a manifest for three of them at most.
  EvilServer server(fleet, {.max_cohort = 3});
  server.Lie(v1::StepReply::kRoster, [&](std::uint32_t, v1::StepReply& reply) {
    *reply.mutable_roster() =
        server.MakeRoster({server.advertisement(0), server.advertisement(1),
                           server.advertisement(2), server.advertisement(3)});
  });
  server.Run();
  for (std::uint32_t i = 0; i < fleet.size(); ++i) {
    EXPECT_THAT(server.outcome(i), StatusIs(kDenied, HasSubstr("'update'")));
    EXPECT_TRUE(server.SentOf(i, v1::StepRequest::kShares).empty());
  }
}

}  // namespace
}  // namespace sotto::evil
