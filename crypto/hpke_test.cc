#include "crypto/hpke.h"

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::crypto {
namespace {

class HpkeTest : public ::testing::TestWithParam<HpkeKem> {
 protected:
  HpkeTest() : recipient_(GenerateHpkeKey(GetParam(), rng_)) {
    sealed_ = HpkeSeal(GetParam(), recipient_.public_key, AsBytes("info"),
                       AsBytes("aad"), AsBytes("secret"), rng_)
                  .value();
  }
  absl::Status Open(ByteView enc, std::string_view info, std::string_view aad,
                    ByteView ct) {
    return HpkeOpen(GetParam(), recipient_, enc, AsBytes(info), AsBytes(aad),
                    ct)
        .status();
  }

  SeededRng rng_{AsBytes("hpke")};
  HpkeKeyPair recipient_;
  HpkeSealed sealed_;
};

TEST_P(HpkeTest, OpensOnlyWithTheSameContext) {
  EXPECT_THAT(Open(sealed_.enc, "info", "aad", sealed_.ct), IsOk());
  EXPECT_THAT(Open(sealed_.enc, "info2", "aad", sealed_.ct),
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(Open(sealed_.enc, "info", "aad2", sealed_.ct),
              StatusIs(absl::StatusCode::kDataLoss));
  Bytes damaged = sealed_.ct;
  damaged[0] ^= 1;
  EXPECT_THAT(Open(sealed_.enc, "info", "aad", damaged),
              StatusIs(absl::StatusCode::kDataLoss));
  recipient_ = GenerateHpkeKey(GetParam(), rng_);
  EXPECT_THAT(Open(sealed_.enc, "info", "aad", sealed_.ct),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST_P(HpkeTest, BadPointsAreRefused) {
  EXPECT_THAT(Open(Bytes(3, 1), "info", "aad", sealed_.ct),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Open(Bytes(sealed_.enc.size(), 0), "info", "aad", sealed_.ct),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

INSTANTIATE_TEST_SUITE_P(Kems, HpkeTest,
                         ::testing::Values(HpkeKem::kX25519, HpkeKem::kP256));

}  // namespace
}  // namespace sotto::crypto
