// The bytes of docs/formats/watermark_registry.md.

#include <algorithm>
#include <string>

#include "base/file.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "watermark/embed/carrier.h"
#include "watermark/evidence/registry.h"

namespace sotto::watermark {
namespace {

crypto::Secret<32> Repeated(std::uint8_t byte) {
  crypto::Secret<32> secret;
  std::ranges::fill(secret.RevealMutable(), byte);
  return secret;
}

class CountingBytes final : public crypto::Rng {
 public:
  void Fill(std::span<std::uint8_t> bytes) override {
    for (std::uint8_t& byte : bytes) byte = next_++;
  }

 private:
  std::uint8_t next_ = 0;
};

crypto::Sha256Digest Filled(std::uint8_t byte) {
  crypto::Sha256Digest digest;
  digest.fill(byte);
  return digest;
}

// The page's example: registry seed 01.., owner's secret 02.., architecture
// 03.., model 04.., nonce 00 01 02 .., marked model 05..
Registry Example() {
  const auto signer = crypto::SigningKey::FromSeed(Repeated(1));
  const OwnerKey owner = OwnerKey::FromSecret(Repeated(2));
  Registry registry(signer.public_key());
  CountingBytes rng;
  EXPECT_THAT(registry.Commit(signer, owner, Filled(3), Filled(4), 0.2,
                              kOwnerEpsilon, 1'700'000'000'000),
              IsOk());
  EXPECT_THAT(registry.DrawNonce(signer, 0, rng, 1'700'000'000'001), IsOk());
  EXPECT_THAT(registry.Attest(signer, owner, 0, Filled(5), 1'700'000'000'002),
              IsOk());
  return registry;
}

TEST(RegistryFormatTest, TheExampleHasTheseBytes) {
  const Registry registry = Example();
  const Bytes bytes = registry.Serialize();
  EXPECT_EQ(bytes.size(), 992u);
  EXPECT_EQ(HexEncode(registry.head()),
            "013ae1d24a71b6d3ad9ac01fe9854d41ea19a975d5047a68a356c4390975ba20");
  EXPECT_EQ(HexEncode(registry.registrations().front().owner),
            "1b8e97c67a6266d762687da3d49cc22e228e44ef8f3d2e31c072e94c3cbfa987");
  EXPECT_EQ(HexEncode(registry.registrations().front().commitment),
            "3f2f1eb1d07b62d41f545d4e16a9fdaab264bc0488400159f7e187a76b8458bb");
  const auto kept = ReadFile(std::string(SOTTO_SOURCE_DIR) +
                             "/tests/fuzz/corpus/watermark_registry_fuzzer/"
                             "example");
  ASSERT_THAT(kept, IsOk());
  EXPECT_EQ(*kept, bytes);
}

TEST(RegistryFormatTest, TheKeyScheduleGivesTheseKeysAndSigns) {
  const OwnerKey owner = OwnerKey::FromSecret(Repeated(2));
  Nonce nonce;
  CountingBytes().Fill(nonce);
  EXPECT_EQ(HexEncode(owner.Derive("A.chips", nonce).Reveal()),
            "adc4fe9863184d0925f3b633b9615804ede3ac2f29fc5e8941298e6c6507d312");
  std::string signs, half;
  for (const std::int8_t sign : OwnerSigns(owner, nonce, 16)) {
    signs += sign > 0 ? '+' : '-';
  }
  for (const std::uint8_t bit : OwnerHalf(owner, 16))
    half += bit == 1 ? '1' : '0';
  EXPECT_EQ(signs, "++++++----+--+-+");
  EXPECT_EQ(half, "0010110111111001");
}

}  // namespace
}  // namespace sotto::watermark
