#include "crypto/hkdf.h"

#include "gtest/gtest.h"

namespace sotto::crypto {
namespace {

// RFC 5869, test case 1.
TEST(HkdfTest, MatchesTheRfcsFirstCase) {
  const Bytes ikm(22, 0x0b);
  const Bytes salt = HexDecode("000102030405060708090a0b0c").value();
  const Bytes info = HexDecode("f0f1f2f3f4f5f6f7f8f9").value();
  EXPECT_EQ(HexEncode(HkdfSha256(ikm, salt, info, 42).Reveal()),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
            "34007208d5b887185865");
}

// RFC 4231, test case 2, and FIPS 180-4's "abc".
TEST(HkdfTest, HmacAndHashesMatchTheirStandards) {
  EXPECT_EQ(HexEncode(HmacSha256(AsBytes("Jefe"),
                                 AsBytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(HexEncode(Sha256(AsBytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha512Hasher hasher;
  hasher.Update(AsBytes("a"));
  hasher.Update(AsBytes("bc"));
  EXPECT_EQ(hasher.Finish(), Sha512(AsBytes("abc")));
  EXPECT_EQ(HexEncode(ByteView(Sha512(AsBytes("abc"))).first(8)),
            "ddaf35a193617aba");
}

}  // namespace
}  // namespace sotto::crypto
