// Third-party negative and positive cases (Project Wycheproof) for every
// primitive that has a file.

#include <fstream>
#include <string>

#include "crypto/aead.h"
#include "crypto/hkdf.h"
#include "crypto/kex.h"
#include "crypto/sign.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/support/shared_data.h"

namespace sotto::crypto {
namespace {

using nlohmann::json;

Bytes Field(const json& test, const char* field) {
  return HexDecode(test.at(field).get<std::string>()).value();
}

// Calls `check(group, test)` on each case; returns how many there were.
template <typename Check>
int ForEach(const std::string& path, const Check& check) {
  std::ifstream file(path);
  const json suite = json::parse(file);
  int count = 0;
  for (const json& group : suite.at("testGroups")) {
    for (const json& test : group.at("tests")) {
      SCOPED_TRACE("tcId " + test.at("tcId").dump());
      check(group, test);
      ++count;
    }
  }
  EXPECT_EQ(count, suite.at("numberOfTests").get<int>());
  return count;
}

TEST(WycheproofTest, Ed25519AcceptsTheValidAndNothingElse) {
  SOTTO_SHARED_DATA_OR_SKIP(path, "vectors/wycheproof/ed25519_test.json");
  ForEach(path, [](const json& group, const json& test) {
    const json& pk = group.at("publicKey");
    const auto key = ParsePublicKey(Field(pk, "pk"), "pk").value();
    const bool ok = Verify(key, Field(test, "msg"), Field(test, "sig")).ok();
    EXPECT_EQ(ok, test.at("result") == "valid");
  });
}

TEST(WycheproofTest, X25519AgreesAndRefusesZeroResults) {
  SOTTO_SHARED_DATA_OR_SKIP(path, "vectors/wycheproof/x25519_test.json");
  ForEach(path, [](const json&, const json& test) {
    const Bytes scalar = Field(test, "private"), peer = Field(test, "public");
    const Bytes shared = Field(test, "shared");
    ASSERT_EQ(scalar.size(), 32u);
    ASSERT_EQ(peer.size(), 32u);
    X25519PublicKey peer_key;
    std::copy(peer.begin(), peer.end(), peer_key.begin());
    const auto result = X25519Key::FromBytes(
                            Secret<32>::FromBytes(ByteView(scalar).first<32>()))
                            .Agree(peer_key);
    const bool zero = shared == Bytes(32, 0);
    EXPECT_EQ(result.ok(), !zero);
    if (result.ok()) {
      EXPECT_EQ(HexEncode(result->Reveal()), HexEncode(shared));
    }
  });
}

TEST(WycheproofTest, ChaCha20Poly1305SealsAndOpens) {
  SOTTO_SHARED_DATA_OR_SKIP(path,
                            "vectors/wycheproof/chacha20_poly1305_test.json");
  int used = 0;
  ForEach(path, [&](const json& group, const json& test) {
    if (group.at("ivSize") != 96 || group.at("keySize") != 256) return;
    const Bytes iv = Field(test, "iv"), key = Field(test, "key");
    Bytes sealed = Field(test, "ct");
    const Bytes tag = Field(test, "tag"), msg = Field(test, "msg");
    if (tag.size() != kAeadTagBytes) return;
    ++used;
    sealed.insert(sealed.end(), tag.begin(), tag.end());
    AeadNonce nonce;
    std::copy(iv.begin(), iv.end(), nonce.begin());
    const Aead aead(Secret<32>::FromBytes(ByteView(key).first<32>()));
    const auto opened = aead.Open(nonce, Field(test, "aad"), sealed);
    EXPECT_EQ(opened.ok(), test.at("result") == "valid");
    if (opened.ok()) {
      EXPECT_EQ(HexEncode(opened->Reveal()), HexEncode(msg));
      EXPECT_EQ(aead.Seal(nonce, Field(test, "aad"), msg), sealed);
    }
  });
  EXPECT_GT(used, 200);
}

TEST(WycheproofTest, HkdfSha256DerivesTheSameBytes) {
  SOTTO_SHARED_DATA_OR_SKIP(path, "vectors/wycheproof/hkdf_sha256_test.json");
  ForEach(path, [](const json&, const json& test) {
    const auto size = test.at("size").get<std::size_t>();
    if (size > 255 * 32) return;  // asserted by the caller's contract
    const SecretBytes okm = HkdfSha256(Field(test, "ikm"), Field(test, "salt"),
                                       Field(test, "info"), size);
    EXPECT_EQ(HexEncode(okm.Reveal()), test.at("okm"));
  });
}

TEST(WycheproofTest, HmacSha256TagsTheSame) {
  SOTTO_SHARED_DATA_OR_SKIP(path, "vectors/wycheproof/hmac_sha256_test.json");
  ForEach(path, [](const json& group, const json& test) {
    const auto size = group.at("tagSize").get<std::size_t>() / 8;
    const auto tag = HmacSha256(Field(test, "key"), Field(test, "msg"));
    EXPECT_EQ(HexEncode(ByteView(tag).first(size)) == test.at("tag"),
              test.at("result") == "valid");
  });
}

}  // namespace
}  // namespace sotto::crypto
