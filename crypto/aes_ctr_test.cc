#include "crypto/aes_ctr.h"

#include "gtest/gtest.h"

namespace sotto::crypto {
namespace {

// NIST SP 800-38A, F.5.5 CTR-AES256.Encrypt.
TEST(AesCtrTest, EncryptsTheStandardsExample) {
  const Bytes key = HexDecode(
                        "603deb1015ca71be2b73aef0857d7781"
                        "1f352c073b6108d72d9810a30914dff4")
                        .value();
  std::array<std::uint8_t, 16> counter;
  for (std::size_t i = 0; i < counter.size(); ++i) {
    counter[i] = static_cast<std::uint8_t>(0xf0 + i);
  }
  Bytes text = HexDecode(
                   "6bc1bee22e409f96e93d7e117393172a"
                   "ae2d8a571e03ac9c9eb76fac45af8e51"
                   "30c81c46a35ce411e5fbc1191a0a52ef"
                   "f69f2445df4f9b17ad2b417be66c3710")
                   .value();
  Bytes stream(text.size());
  FillAes256Ctr(Secret<32>::FromBytes(ByteView(key).first<32>()), counter,
                stream);
  for (std::size_t i = 0; i < text.size(); ++i) text[i] ^= stream[i];
  EXPECT_EQ(HexEncode(text),
            "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
            "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6");
}

}  // namespace
}  // namespace sotto::crypto
