#include "client/storage/identity.h"

#include <chrono>
#include <filesystem>

#include "base/file.h"
#include "crypto/key_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::client {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;

class IdentityTest : public ::testing::Test {
 protected:
  IdentityTest()
      : folder_(testing::TempDir() + "/identity"),
        paths_(folder_),
        issuer_(crypto::SigningKey::Generate(crypto::SystemRng())) {
    std::filesystem::remove_all(folder_);
  }
  void Create() {
    ASSERT_THAT(CreateIdentity(folder_, "digits", crypto::SystemRng()), IsOk());
    const auto key = crypto::ReadSigningKeyFile(paths_.identity_key);
    ASSERT_THAT(key, IsOk());
    public_key_ = key->public_key();
  }
  Bytes Certificate(const crypto::PublicKey& key) {
    return crypto::IssueCertificate(issuer_, key, "digits", 0, 10 * kDayMs);
  }
  absl::StatusOr<Identity> Load(std::int64_t now_ms,
                                const std::string& population = "digits") {
    return LoadIdentity(paths_, issuer_.public_key(), population,
                        UnixTime(std::chrono::milliseconds(now_ms)));
  }

  const std::string folder_;
  const StoragePaths paths_;
  const crypto::SigningKey issuer_;
  crypto::PublicKey public_key_ = {};
};

TEST_F(IdentityTest, ACertifiedIdentityLoads) {
  Create();
  ASSERT_THAT(KeepCertificate(folder_, Certificate(public_key_)), IsOk());
  const auto identity = Load(kDayMs);
  ASSERT_THAT(identity, IsOk());
  EXPECT_EQ(identity->certificate.device_id, crypto::DeviceIdOf(public_key_));
  EXPECT_EQ(identity->grant_key.public_key.size(), 32u);
}

TEST_F(IdentityTest, AnIdentityIsNeverOverwritten) {
  Create();
  const auto before = ReadFile(paths_.identity_key);
  EXPECT_THAT(CreateIdentity(folder_, "digits", crypto::SystemRng()),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(*ReadFile(paths_.identity_key), *before);
}

TEST_F(IdentityTest, WithoutIdentityTheCommandThatMakesItIsNamed) {
  EXPECT_THAT(Load(0), StatusIs(absl::StatusCode::kNotFound,
                                HasSubstr("sotto-device init")));
}

TEST_F(IdentityTest, WithoutCertificateTheCommandThatAddsItIsNamed) {
  Create();
  EXPECT_THAT(Load(0), StatusIs(absl::StatusCode::kNotFound,
                                HasSubstr("install-certificate")));
}

TEST_F(IdentityTest, AnExpiredCertificateIsNamed) {
  Create();
  ASSERT_THAT(KeepCertificate(folder_, Certificate(public_key_)), IsOk());
  EXPECT_THAT(Load(11 * kDayMs), StatusIs(absl::StatusCode::kUnauthenticated,
                                          HasSubstr(paths_.certificate)));
}

TEST_F(IdentityTest, AnotherDevicesCertificateIsNotKept) {
  Create();
  const auto other = crypto::SigningKey::Generate(crypto::SystemRng());
  EXPECT_THAT(KeepCertificate(folder_, Certificate(other.public_key())),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_FALSE(FileExists(paths_.certificate));
}

TEST_F(IdentityTest, ACertificateOfAnotherPopulationIsRefused) {
  Create();
  ASSERT_THAT(KeepCertificate(folder_, Certificate(public_key_)), IsOk());
  EXPECT_THAT(Load(kDayMs, "letters"),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("population 'digits'")));
}

}  // namespace
}  // namespace sotto::client
