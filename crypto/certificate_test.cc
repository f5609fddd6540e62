#include "crypto/certificate.h"

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::crypto {
namespace {

using ::testing::HasSubstr;

UnixTime At(std::int64_t ms) { return UnixTime(std::chrono::milliseconds(ms)); }

class CertificateTest : public ::testing::Test {
 protected:
  SeededRng rng_{AsBytes("certificate")};
  const SigningKey issuer_ = SigningKey::Generate(rng_);
  const SigningKey device_ = SigningKey::Generate(rng_);
  const Bytes bytes_ =
      IssueCertificate(issuer_, device_.public_key(), "digits", 1000, 2000);
};

TEST_F(CertificateTest, AValidOneNamesDeviceKeyAndPopulation) {
  const auto certificate =
      VerifyCertificate(bytes_, issuer_.public_key(), At(1500));
  ASSERT_THAT(certificate, IsOk());
  EXPECT_EQ(certificate->identity_key, device_.public_key());
  EXPECT_EQ(certificate->device_id, DeviceIdOf(device_.public_key()));
  EXPECT_EQ(certificate->population, "digits");
}

TEST_F(CertificateTest, OutsideItsTimeItIsRefusedWithTheReason) {
  const auto verify = [&](std::int64_t ms) {
    return VerifyCertificate(bytes_, issuer_.public_key(), At(ms)).status();
  };
  EXPECT_THAT(verify(1000), IsOk());
  EXPECT_THAT(verify(999), StatusIs(absl::StatusCode::kUnauthenticated,
                                    HasSubstr("not valid yet")));
  EXPECT_THAT(verify(2000), StatusIs(absl::StatusCode::kUnauthenticated,
                                     HasSubstr("expired")));
}

TEST_F(CertificateTest, AnotherIssuersIsRefused) {
  EXPECT_THAT(
      VerifyCertificate(bytes_, device_.public_key(), At(1500)),
      StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("pinned issuer")));
}

TEST_F(CertificateTest, EveryDamagedByteIsRefused) {
  for (std::size_t i = 0; i < bytes_.size(); ++i) {
    Bytes damaged = bytes_;
    damaged[i] ^= 1;
    EXPECT_FALSE(
        VerifyCertificate(damaged, issuer_.public_key(), At(1500)).ok())
        << i;
    EXPECT_FALSE(VerifyCertificate(ByteView(bytes_).first(i),
                                   issuer_.public_key(), At(1500))
                     .ok());
  }
}

}  // namespace
}  // namespace sotto::crypto
