#include "model_store/container/grant.h"

#include <functional>
#include <vector>

#include "flatbuffers/flatbuffers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/container/grant_generated.h"
#include "tests/support/status_matchers.h"

namespace sotto::model_store {
namespace {

using ::testing::HasSubstr;

struct GrantFields {
  std::uint16_t version;
  Bytes container_digest;
  std::uint64_t release_counter;
  Bytes device_id;
  std::uint32_t key_epoch;
  std::int64_t not_before_ms, not_after_ms;
  std::uint16_t kem_id;
  Bytes enc, ct, signature;
};

class GrantTest : public ::testing::TestWithParam<crypto::HpkeKem> {
 protected:
  Bytes Make() { return Make(terms_); }
  Bytes Make(const GrantTerms& terms) {
    return MakeGrant(terms, key_, GetParam(), device_.public_key, broker_, rng_)
        .value();
  }
  GrantExpectation Expected() const {
    return {.container_digest = terms_.container_digest,
            .device_id = terms_.device_id,
            .broker = broker_.public_key(),
            .now = UnixTime(std::chrono::milliseconds(1500))};
  }
  static GrantFields Unpack(const Bytes& grant) {
    const auto* g = flatbuffers::GetRoot<container::Grant>(grant.data());
    const auto bytes = [](const flatbuffers::Vector<std::uint8_t>* field) {
      return Bytes(field->begin(), field->end());
    };
    return {.version = g->version(),
            .container_digest = bytes(g->container_digest()),
            .release_counter = g->release_counter(),
            .device_id = bytes(g->device_id()),
            .key_epoch = g->key_epoch(),
            .not_before_ms = g->not_before_ms(),
            .not_after_ms = g->not_after_ms(),
            .kem_id = g->kem_id(),
            .enc = bytes(g->enc()),
            .ct = bytes(g->ct()),
            .signature = bytes(g->signature())};
  }
  static Bytes Pack(const GrantFields& g) {
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(container::CreateGrantDirect(
        builder, g.version, &g.container_digest, g.release_counter,
        &g.device_id, g.key_epoch, g.not_before_ms, g.not_after_ms, g.kem_id,
        &g.enc, &g.ct, &g.signature));
    return {builder.GetBufferPointer(),
            builder.GetBufferPointer() + builder.GetSize()};
  }

  crypto::SeededRng rng_{AsBytes("grant")};
  crypto::SigningKey broker_ = crypto::SigningKey::Generate(rng_);
  crypto::HpkeKeyPair device_ = crypto::GenerateHpkeKey(GetParam(), rng_);
  FileKey key_ = NewFileKey(rng_);
  const GrantTerms terms_{.container_digest = {1},
                          .release_counter = 4,
                          .device_id = {2},
                          .key_epoch = 3,
                          .not_before_ms = 1000,
                          .not_after_ms = 2000};
};

TEST_P(GrantTest, TheDeviceItIsForOpensIt) {
  const auto opened = OpenGrant(Make(), Expected(), device_);
  ASSERT_THAT(opened, IsOk());
  EXPECT_TRUE(crypto::ConstantTimeEqual(opened->Reveal(), key_.Reveal()));
}

TEST_P(GrantTest, AnotherDeviceContainerOrBrokerIsRefused) {
  const Bytes grant = Make();
  GrantExpectation expected = Expected();
  expected.device_id[15] = 1;
  EXPECT_THAT(OpenGrant(grant, expected, device_).status(),
              StatusIs(kDenied, HasSubstr("another device")));
  expected = Expected();
  expected.container_digest[31] = 1;
  EXPECT_THAT(OpenGrant(grant, expected, device_).status(),
              StatusIs(kDenied, HasSubstr("another container")));
  expected = Expected();
  expected.broker = crypto::SigningKey::Generate(rng_).public_key();
  EXPECT_THAT(OpenGrant(grant, expected, device_).status(),
              StatusIs(kDenied, HasSubstr("signature")));
}

TEST_P(GrantTest, ADeviceThatPosesAsAnotherLacksItsKey) {
  EXPECT_THAT(
      OpenGrant(Make(), Expected(), crypto::GenerateHpkeKey(GetParam(), rng_))
          .status(),
      StatusIs(kDamaged));
}

TEST_P(GrantTest, ItIsValidFromItsFirstMomentToBeforeItsLast) {
  const Bytes grant = Make();
  for (const auto& [now, code] : {std::pair{999, kDenied},
                                  {1000, absl::StatusCode::kOk},
                                  {1999, absl::StatusCode::kOk},
                                  {2000, kDenied}}) {
    GrantExpectation expected = Expected();
    expected.now = UnixTime(std::chrono::milliseconds(now));
    EXPECT_THAT(OpenGrant(grant, expected, device_).status(), StatusIs(code))
        << now;
  }
}

TEST_P(GrantTest, EveryFieldIsSigned) {
  using Grant = GrantFields;
  const std::vector<std::function<void(Grant&)>> changes = {
      [](Grant& g) { g.container_digest[0] ^= 1; },
      [](Grant& g) { g.release_counter += 1; },
      [](Grant& g) { g.device_id[0] ^= 1; },
      [](Grant& g) { g.key_epoch += 1; },
      [](Grant& g) { g.not_before_ms -= 1; },
      [](Grant& g) { g.not_after_ms += 1; },
      [](Grant& g) { g.kem_id ^= 0x30; },
      [](Grant& g) { g.enc[1] ^= 1; },
      [](Grant& g) { g.ct[0] ^= 1; },
      [](Grant& g) { g.signature[0] ^= 1; },
      [](Grant& g) { g.signature.clear(); },
      // A byte moved from one field to the next.
      [](Grant& g) {
        g.ct.insert(g.ct.begin(), g.enc.back());
        g.enc.pop_back();
      },
  };
  const Grant good = Unpack(Make());
  ASSERT_THAT(OpenGrant(Pack(good), Expected(), device_).status(), IsOk());
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Grant bad = good;
    changes[i](bad);
    EXPECT_THAT(OpenGrant(Pack(bad), Expected(), device_).status(),
                StatusIs(kDenied, HasSubstr("signature")))
        << i;
  }
}

TEST_P(GrantTest, MalformedGrantsAreInvalid) {
  GrantFields bad = Unpack(Make());
  bad.version = 2;
  EXPECT_THAT(OpenGrant(Pack(bad), Expected(), device_).status(),
              StatusIs(kInvalid, HasSubstr("version 2")));
  bad = Unpack(Make());
  bad.device_id.pop_back();
  EXPECT_THAT(OpenGrant(Pack(bad), Expected(), device_).status(),
              StatusIs(kInvalid));
  bad = Unpack(Make());
  bad.kem_id = 0x11;
  EXPECT_THAT(OpenGrant(Pack(bad), Expected(), device_).status(),
              StatusIs(kInvalid));
  const Bytes good = Make();
  for (std::size_t size = 0; size < good.size(); size += 4) {
    EXPECT_FALSE(
        OpenGrant(ByteView(good).first(size), Expected(), device_).ok())
        << size;
  }
}

// FlatBuffers have bytes that mean nothing; what means something is signed.
TEST_P(GrantTest, AFlippedBitNeverGivesAnotherKey) {
  const Bytes good = Make();
  int refused = 0;
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    const auto opened = OpenGrant(bad, Expected(), device_);
    if (!opened.ok()) {
      ++refused;
    } else {
      EXPECT_TRUE(crypto::ConstantTimeEqual(opened->Reveal(), key_.Reveal()));
    }
  }
  EXPECT_GT(refused, static_cast<int>(7 * good.size()));
}

TEST_P(GrantTest, AKeyThatIsNoPointIsRefused) {
  EXPECT_THAT(
      MakeGrant(terms_, key_, GetParam(), Bytes(5, 4), broker_, rng_).status(),
      StatusIs(kInvalid));
}

INSTANTIATE_TEST_SUITE_P(Kems, GrantTest,
                         ::testing::Values(crypto::HpkeKem::kX25519,
                                           crypto::HpkeKem::kP256));

class EscrowTest : public ::testing::Test {
 protected:
  crypto::SeededRng rng_{AsBytes("escrow")};
  crypto::X25519Key broker_ = crypto::X25519Key::Generate(rng_);
  FileKey key_ = NewFileKey(rng_);
  const crypto::Sha256Digest digest_ = {1, 2, 3};
  const Bytes escrow_ =
      MakeEscrow(digest_, key_, broker_.public_key(), rng_).value();
};

TEST_F(EscrowTest, TheBrokerGetsTheKeyBack) {
  EXPECT_EQ(escrow_.size(), 32u + 16 + 16);
  const auto opened = OpenEscrow(escrow_, digest_, broker_);
  ASSERT_THAT(opened, IsOk());
  EXPECT_TRUE(crypto::ConstantTimeEqual(opened->Reveal(), key_.Reveal()));
}

TEST_F(EscrowTest, AnotherBrokerOrContainerGetsNothing) {
  EXPECT_THAT(
      OpenEscrow(escrow_, digest_, crypto::X25519Key::Generate(rng_)).status(),
      StatusIs(kDamaged));
  crypto::Sha256Digest other = digest_;
  other[0] ^= 1;
  EXPECT_THAT(OpenEscrow(escrow_, other, broker_).status(), StatusIs(kDamaged));
}

TEST_F(EscrowTest, EveryChangedBitAndEveryTruncationIsDamage) {
  for (std::size_t bit = 0; bit < 8 * escrow_.size(); ++bit) {
    Bytes bad = escrow_;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    // X25519 ignores the top bit of a point; HPKE's key schedule does not.
    ASSERT_THAT(OpenEscrow(bad, digest_, broker_).status(), StatusIs(kDamaged))
        << bit;
  }
  for (std::size_t size = 0; size < escrow_.size(); ++size) {
    ASSERT_THAT(
        OpenEscrow(ByteView(escrow_).first(size), digest_, broker_).status(),
        StatusIs(kDamaged));
  }
}

}  // namespace
}  // namespace sotto::model_store
