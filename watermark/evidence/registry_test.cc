#include "watermark/evidence/registry.h"

#include <cmath>
#include <string>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "watermark/test_models.h"

namespace sotto::watermark {
namespace {

using ::testing::HasSubstr;

class RegistryTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::uint64_t> Commit(std::int64_t now_ms = 1000) {
    return registry_.Commit(signer_, owner_, digest_, digest_, 0.2,
                            kOwnerEpsilon, now_ms);
  }

  const OwnerKey owner_ = KeyFor(1);
  const crypto::Sha256Digest digest_ = crypto::Sha256(AsBytes("model"));
  crypto::SeededRng rng_ = RngFor("registry", 1);
  const crypto::SigningKey signer_ = crypto::SigningKey::Generate(rng_);
  Registry registry_{signer_.public_key()};
};

TEST_F(RegistryTest, ReadsBackWhatItWrote) {
  ASSERT_THAT(Commit(), IsOk());
  ASSERT_THAT(registry_.DrawNonce(signer_, 0, rng_, 2000), IsOk());
  ASSERT_THAT(registry_.Attest(signer_, owner_, 0, digest_, 3000), IsOk());
  const auto read = Registry::Parse(registry_.Serialize());
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->num_records(), 3u);
  EXPECT_EQ(read->head(), registry_.head());
  EXPECT_EQ(read->key(), signer_.public_key());
  ASSERT_EQ(read->registrations().size(), 1u);
  const Registration& registration = read->registrations().front();
  EXPECT_TRUE(registration.OpensWith(owner_));
  EXPECT_FALSE(registration.OpensWith(KeyFor(2)));
  EXPECT_EQ(registration.time_ms, 1000);
  EXPECT_EQ(registration.nonce_time_ms, 2000);
  EXPECT_EQ(registration.strength_millionths, 200'000u);
  EXPECT_EQ(registration.epsilon_e12, 250u);
  EXPECT_EQ(*registration.nonce, *registry_.Find(0)->nonce);
  EXPECT_EQ(registration.marked.size(), 1u);
}

TEST_F(RegistryTest, TheNonceComesOnceAndAfterTheCommitment) {
  EXPECT_THAT(registry_.DrawNonce(signer_, 0, rng_, 1000),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  ASSERT_THAT(Commit(), IsOk());
  EXPECT_THAT(registry_.Attest(signer_, owner_, 0, digest_, 1000),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("no nonce yet")));
  ASSERT_THAT(registry_.DrawNonce(signer_, 0, rng_, 2000), IsOk());
  const Nonce drawn = *registry_.Find(0)->nonce;
  EXPECT_THAT(registry_.DrawNonce(signer_, 0, rng_, 3000),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("has a nonce")));
  EXPECT_EQ(*registry_.Find(0)->nonce, drawn);
  EXPECT_EQ(registry_.num_records(), 2u);
}

TEST_F(RegistryTest, AnotherOwnerCannotAttest) {
  ASSERT_THAT(Commit(), IsOk());
  ASSERT_THAT(registry_.DrawNonce(signer_, 0, rng_, 2000), IsOk());
  EXPECT_THAT(registry_.Attest(signer_, KeyFor(2), 0, digest_, 3000),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(registry_.num_records(), 2u);
}

TEST_F(RegistryTest, AnotherKeyCannotAppend) {
  const auto stranger = crypto::SigningKey::Generate(rng_);
  EXPECT_THAT(registry_.Commit(stranger, owner_, digest_, digest_, 0.2,
                               kOwnerEpsilon, 1000),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(RegistryTest, TimeNeverRunsBackwards) {
  ASSERT_THAT(Commit(5000), IsOk());
  ASSERT_THAT(registry_.DrawNonce(signer_, 0, rng_, 1000), IsOk());
  EXPECT_EQ(registry_.Find(0)->nonce_time_ms, 5000);
  EXPECT_THAT(Registry::Parse(registry_.Serialize()), IsOk());
}

TEST_F(RegistryTest, NoChangedByteAndNoCutGoesUnnoticed) {
  ASSERT_THAT(Commit(), IsOk());
  ASSERT_THAT(registry_.DrawNonce(signer_, 0, rng_, 2000), IsOk());
  const Bytes good = registry_.Serialize();
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 1;
    EXPECT_FALSE(Registry::Parse(bad).ok()) << "byte " << i;
  }
  std::size_t accepted = 0;
  for (std::size_t size = 0; size < good.size(); ++size) {
    accepted += Registry::Parse(ByteView(good).first(size)).ok() ? 1 : 0;
  }
  // Cut between records it reads: the head, kept elsewhere, shows the loss.
  EXPECT_EQ(accepted, 2u);
}

TEST_F(RegistryTest, RecordsCannotBeReordered) {
  ASSERT_THAT(Commit(), IsOk());
  Bytes one = registry_.Serialize();
  ASSERT_THAT(Commit(), IsOk());
  const Bytes two = registry_.Serialize();
  // The second record alone after the header: signed, but out of its place.
  const std::size_t header = Registry(signer_.public_key()).Serialize().size();
  Bytes cut(two.begin(), two.begin() + static_cast<std::ptrdiff_t>(header));
  cut.insert(cut.end(), two.begin() + static_cast<std::ptrdiff_t>(one.size()),
             two.end());
  EXPECT_THAT(Registry::Parse(cut),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("record 0: it calls itself number 1")));
}

TEST(OwnerKeyTest, TheCommitmentHidesAndBindsPerModel) {
  const auto model = crypto::Sha256(AsBytes("a"));
  const auto other = crypto::Sha256(AsBytes("b"));
  EXPECT_EQ(KeyFor(1).Commitment(model), KeyFor(1).Commitment(model));
  EXPECT_NE(KeyFor(1).Commitment(model), KeyFor(2).Commitment(model));
  EXPECT_NE(KeyFor(1).Commitment(model), KeyFor(1).Commitment(other));
}

TEST(ModelDigestTest, TellsWeightsAndArchitecturesApart) {
  EXPECT_EQ(ModelDigest(Cnn(1)), ModelDigest(Cnn(1)));
  EXPECT_NE(ModelDigest(Cnn(1)), ModelDigest(Cnn(2)));
  EXPECT_EQ(ArchitectureDigest(Cnn(1)), ArchitectureDigest(Cnn(2)));
}

}  // namespace
}  // namespace sotto::watermark
