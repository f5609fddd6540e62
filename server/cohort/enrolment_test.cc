#include "server/cohort/enrolment.h"

#include <cstdint>
#include <functional>
#include <limits>

#include "crypto/certificate.h"
#include "crypto/hpke.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::server {
namespace {

using ::testing::HasSubstr;

constexpr auto kUnauthenticated = absl::StatusCode::kUnauthenticated;
constexpr std::int64_t kNowMs = 1'000'000'000;
constexpr std::int64_t kTokenMs = 60'000;

class EnrolmentTest : public ::testing::Test {
 protected:
  // A well-formed request; `change` spoils it before it is signed.
  v1::EnrollRequest Request(
      const std::function<void(v1::EnrollRequest&)>& change =
          [](v1::EnrollRequest&) {}) const {
    v1::EnrollRequest request;
    request.set_certificate(ToString(
        crypto::IssueCertificate(issuer_, device_.public_key(), "digits",
                                 kNowMs - 1000, kNowMs + 1'000'000)));
    request.set_kem_id(static_cast<std::uint32_t>(crypto::HpkeKem::kX25519));
    request.set_kem_key(std::string(32, 'k'));
    request.set_time_ms(kNowMs);
    request.set_nonce(std::string(16, 'n'));
    request.set_sdk_version("0.1.0");
    change(request);
    request.set_signature(
        ToString(device_.Sign(EnrolmentSignedBytes(request))));
    return request;
  }

  crypto::SeededRng rng_{AsBytes("enrolment")};
  FakeClock clock_{UnixTime(std::chrono::milliseconds(kNowMs))};
  crypto::SigningKey issuer_ = crypto::SigningKey::Generate(rng_);
  crypto::SigningKey device_ = crypto::SigningKey::Generate(rng_);
  std::string name_ = HexEncode(crypto::DeviceIdOf(device_.public_key()));
  Store store_ = Store::Open(":memory:").value();
  Enrolment enrolment_{store_, clock_, rng_, issuer_.public_key(), kTokenMs};
};

TEST_F(EnrolmentTest, ATokenNamesTheDeviceUntilItExpires) {
  const auto reply = enrolment_.Enroll(Request());
  ASSERT_THAT(reply, IsOk());
  EXPECT_EQ(HexEncode(enrolment_.Authenticate(reply->token())->device_id),
            name_);
  EXPECT_THAT(enrolment_.Authenticate("another"), StatusIs(kUnauthenticated));
  clock_.Advance(std::chrono::milliseconds(kTokenMs));
  EXPECT_THAT(enrolment_.Authenticate(reply->token()),
              StatusIs(kUnauthenticated, HasSubstr("enrol again")));
}

TEST_F(EnrolmentTest, ACertificateThatEndsOrIsAnothersIsRefusedByName) {
  const auto with = [&](const crypto::SigningKey& issuer, std::int64_t until) {
    return enrolment_.Enroll(Request([&](v1::EnrollRequest& request) {
      request.set_certificate(ToString(crypto::IssueCertificate(
          issuer, device_.public_key(), "digits", kNowMs - 1000, until)));
    }));
  };
  EXPECT_THAT(with(issuer_, kNowMs),
              StatusIs(kUnauthenticated, HasSubstr(name_ + " has expired")));
  EXPECT_THAT(with(crypto::SigningKey::Generate(rng_), kNowMs + 1000),
              StatusIs(kUnauthenticated, HasSubstr("pinned issuer")));
  // A session does not outlive the certificate.
  EXPECT_EQ(with(issuer_, kNowMs + 10)->expires_ms(), kNowMs + 10);
}

TEST_F(EnrolmentTest, AClockMayBeFiveMinutesOff) {
  constexpr std::int64_t kSkewMs = 300'000;
  const auto at = [&](std::int64_t time_ms) {
    return enrolment_.Enroll(
        Request([&](v1::EnrollRequest& r) { r.set_time_ms(time_ms); }));
  };
  EXPECT_THAT(at(kNowMs - kSkewMs), IsOk());
  EXPECT_THAT(at(kNowMs + kSkewMs), IsOk());
  EXPECT_THAT(at(kNowMs - kSkewMs - 1),
              StatusIs(kUnauthenticated, HasSubstr("set the clock")));
  EXPECT_THAT(at(kNowMs + 3'600'000),
              StatusIs(kUnauthenticated, HasSubstr("3600 s off")));
  for (const std::int64_t extreme :
       {std::numeric_limits<std::int64_t>::min(),
        std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_THAT(at(extreme), StatusIs(kUnauthenticated));
  }
}

TEST_F(EnrolmentTest, WhatTheIdentityKeyDidNotSignIsRefused) {
  auto request = Request();
  request.set_kem_key(std::string(32, 'x'));
  EXPECT_THAT(enrolment_.Enroll(request),
              StatusIs(kUnauthenticated, HasSubstr("identity key")));
  request = Request();
  request.set_time_ms(kNowMs + 1);
  EXPECT_THAT(enrolment_.Enroll(request), StatusIs(kUnauthenticated));
}

TEST_F(EnrolmentTest, MalformedFieldsAreRefusedAndNothingIsStored) {
  EXPECT_THAT(enrolment_.Enroll(Request([](auto& r) { r.set_nonce("short"); })),
              StatusIs(kInvalid, HasSubstr("nonce")));
  EXPECT_THAT(
      enrolment_.Enroll(Request([](auto& r) { r.set_kem_key("short"); })),
      StatusIs(kInvalid, HasSubstr("key for grants")));
  EXPECT_FALSE(
      enrolment_.Enroll(Request([](auto& r) { r.set_kem_id(77); })).ok());
  EXPECT_THAT(enrolment_.Enroll(Request([](auto& r) {
    (*r.mutable_attributes())["a"] = std::string(10'000, 'a');
  })),
              StatusIs(kInvalid, HasSubstr("the limit is")));
  EXPECT_THAT(enrolment_.Enroll(v1::EnrollRequest()), StatusIs(kInvalid));
  EXPECT_EQ(store_.ListDevices()->size(), 0U);
}

TEST_F(EnrolmentTest, ARevokedDeviceLosesItsSessionAndGetsNoOther) {
  const auto reply = enrolment_.Enroll(Request());
  ASSERT_THAT(reply, IsOk());
  const auto id = crypto::DeviceIdOf(device_.public_key());
  ASSERT_THAT(store_.Revoke(id, "stolen"), IsOk());
  EXPECT_THAT(enrolment_.Authenticate(reply->token()),
              StatusIs(kDenied, HasSubstr("stolen")));
  EXPECT_THAT(enrolment_.Enroll(Request()),
              StatusIs(kDenied, HasSubstr(name_)));
}

}  // namespace
}  // namespace sotto::server
