#include "crypto/sign.h"

#include "crypto/kex.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::crypto {
namespace {

// RFC 8032 section 7.1, test 2.
TEST(SignTest, MatchesTheRfcsSecondCase) {
  const Bytes seed =
      HexDecode(
          "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
          .value();
  const SigningKey key =
      SigningKey::FromSeed(Secret<32>::FromBytes(ByteView(seed).first<32>()));
  EXPECT_EQ(HexEncode(key.public_key()),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  EXPECT_EQ(HexEncode(ByteView(key.Sign(Bytes{0x72})).first(8)),
            "92a009a9f0d4cab8");
}

TEST(SignTest, AnyChangeOfMessageKeyOrSignatureIsRefused) {
  SeededRng rng(AsBytes("sign"));
  const SigningKey key = SigningKey::Generate(rng);
  const SigningKey other = SigningKey::Generate(rng);
  Signature signature = key.Sign(AsBytes("message"));
  EXPECT_THAT(Verify(key.public_key(), AsBytes("message"), signature), IsOk());
  EXPECT_THAT(Verify(key.public_key(), AsBytes("massage"), signature),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(Verify(other.public_key(), AsBytes("message"), signature),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(Verify(key.public_key(), AsBytes("message"),
                     ByteView(signature).first(63)),
              StatusIs(absl::StatusCode::kPermissionDenied));
  signature[10] ^= 1;
  EXPECT_THAT(Verify(key.public_key(), AsBytes("message"), signature),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST(SignTest, BothSidesOfAnAgreementGetTheSameSecret) {
  SeededRng rng(AsBytes("kex"));
  const X25519Key a = X25519Key::Generate(rng), b = X25519Key::Generate(rng);
  EXPECT_EQ(HexEncode(a.Agree(b.public_key())->Reveal()),
            HexEncode(b.Agree(a.public_key())->Reveal()));
  EXPECT_THAT(a.Agree(X25519PublicKey{}),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace sotto::crypto
