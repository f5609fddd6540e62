// RFC 9180's own vectors: base mode, both KEMs, HKDF-SHA256, ChaCha20-Poly1305.

#include <zlib.h>

#include <string>

#include "crypto/aead.h"
#include "crypto/hpke.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/support/shared_data.h"

namespace sotto::crypto {
namespace {

using nlohmann::json;

Bytes Hex(const json& test, const char* field) {
  return HexDecode(test.at(field).get<std::string>()).value();
}

std::string Gunzip(const std::string& path) {
  std::string text;
  gzFile file = gzopen(path.c_str(), "rb");
  char buffer[1 << 16];
  int got = 0;
  while ((got = gzread(file, buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  gzclose(file);
  return text;
}

AeadNonce NonceFor(const HpkeContext& context, std::uint64_t sequence) {
  AeadNonce nonce = context.base_nonce;
  for (int i = 0; i < 8; ++i) {
    nonce[static_cast<std::size_t>(11 - i)] ^=
        static_cast<std::uint8_t>(sequence >> (8 * i));
  }
  return nonce;
}

TEST(HpkeVectorsTest, KeysContextsAndMessagesAreThoseOfTheRfc) {
  SOTTO_SHARED_DATA_OR_SKIP(path, "vectors/hpke_rfc9180.json.gz");
  int used = 0;
  for (const json& test : json::parse(Gunzip(path))) {
    const auto kem = ParseHpkeKem(test.at("kem_id").get<std::uint32_t>());
    if (test.at("mode") != 0 || !kem.ok() || test.at("kdf_id") != 1 ||
        test.at("aead_id") != 3) {
      continue;
    }
    ++used;
    const HpkeKeyPair recipient = DeriveHpkeKey(*kem, Hex(test, "ikmR"));
    const HpkeKeyPair ephemeral = DeriveHpkeKey(*kem, Hex(test, "ikmE"));
    EXPECT_EQ(HexEncode(recipient.private_key.Reveal()), test.at("skRm"));
    EXPECT_EQ(HexEncode(recipient.public_key), test.at("pkRm"));
    EXPECT_EQ(HexEncode(ephemeral.public_key), test.at("enc"));
    const Bytes info = Hex(test, "info"), enc = Hex(test, "enc");
    const auto context = HpkeReceiverContext(*kem, recipient, enc, info);
    ASSERT_TRUE(context.ok());
    EXPECT_EQ(HexEncode(context->key.Reveal()), test.at("key"));
    EXPECT_EQ(HexEncode(context->base_nonce), test.at("base_nonce"));
    EXPECT_EQ(HexEncode(context->exporter_secret.Reveal()),
              test.at("exporter_secret"));
    std::uint64_t sequence = 0;
    for (const json& message : test.at("encryptions")) {
      const AeadNonce nonce = NonceFor(*context, sequence);
      EXPECT_EQ(HexEncode(nonce), message.at("nonce"));
      const auto opened =
          Aead(context->key)
              .Open(nonce, Hex(message, "aad"), Hex(message, "ct"));
      ASSERT_TRUE(opened.ok()) << sequence;
      EXPECT_EQ(HexEncode(opened->Reveal()), message.at("pt"));
      ++sequence;
    }
    // Past 255, so that the carry into the nonce's second byte is covered.
    EXPECT_EQ(sequence, 257u);
    const json& first = test.at("encryptions").at(0);
    const auto sealed =
        HpkeSealWithEphemeral(*kem, recipient.public_key, info,
                              Hex(first, "aad"), Hex(first, "pt"), ephemeral);
    ASSERT_TRUE(sealed.ok());
    EXPECT_EQ(HexEncode(sealed->ct), first.at("ct"));
    const auto opened = HpkeOpen(*kem, recipient, enc, info, Hex(first, "aad"),
                                 Hex(first, "ct"));
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(HexEncode(opened->Reveal()), first.at("pt"));
  }
  EXPECT_EQ(used, 2);
}

}  // namespace
}  // namespace sotto::crypto
