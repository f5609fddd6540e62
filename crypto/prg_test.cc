#include "crypto/prg.h"

#include "crypto/rng.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::crypto {
namespace {

Bytes FillOf(Prg::Kind kind, std::uint8_t key_byte, std::size_t size,
             std::uint64_t start) {
  Secret<32> key;
  std::ranges::fill(key.RevealMutable(), key_byte);
  Bytes out(size);
  Prg(kind, key).Fill(out, start);
  return out;
}

TEST(PrgTest, StreamsOfTheZeroKeyAreTheKnownOnes) {
  // AES-256 of the zero block under the zero key (NIST), and RFC 8439's
  // appendix A.1, test vector 1.
  EXPECT_EQ(HexEncode(FillOf(Prg::Kind::kAes256Ctr, 0, 16, 0)),
            "dc95c078a2408989ad48a21492842087");
  EXPECT_EQ(HexEncode(FillOf(Prg::Kind::kChaCha20, 0, 16, 0)),
            "76b8e0ada0f13d90405d6ae55386bd28");
}

// RFC 8439 appendix A.1, test vectors 1 to 4: those with a zero nonce.
TEST(PrgTest, ChaCha20BlocksAreThoseOfTheRfc) {
  struct Case {
    std::string_view key, block;
    std::uint64_t counter;
  };
  const std::string zeros(64, '0');
  const std::string last_is_1 = std::string(63, '0') + "1";
  const std::string second_is_ff = "00ff" + std::string(60, '0');
  const Case cases[] = {
      {zeros,
       "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
       "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586",
       0},
      {zeros,
       "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
       "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f",
       1},
      {last_is_1,
       "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a"
       "8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0",
       1},
      {second_is_ff,
       "72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca"
       "13b25aa26cb4a648cb9b9d1be65b2c0924a66c54d545ec1b7374f4872e99f096",
       2},
  };
  for (const Case& test : cases) {
    const Bytes key = HexDecode(test.key).value();
    Bytes out(64);
    Prg(Prg::Kind::kChaCha20, Secret<32>::FromBytes(ByteView(key).first<32>()))
        .Fill(out, test.counter);
    EXPECT_EQ(HexEncode(out), test.block);
  }
}

TEST(PrgTest, StartingAtABlockIsSkippingTheOnesBefore) {
  for (const auto kind : {Prg::Kind::kAes256Ctr, Prg::Kind::kChaCha20}) {
    const Bytes whole = FillOf(kind, 3, 64 * 5 + 7, 0);
    const Bytes tail = FillOf(kind, 3, 64 * 2 + 7, 3);
    EXPECT_EQ(Bytes(whole.begin() + 64 * 3, whole.end()), tail);
  }
}

TEST(PrgTest, NamesParseBackAndOthersAreRefused) {
  for (const auto kind : {Prg::Kind::kAes256Ctr, Prg::Kind::kChaCha20}) {
    EXPECT_EQ(Prg::Parse(Prg::Name(kind)).value(), kind);
  }
  EXPECT_THAT(Prg::Parse("mt19937"),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(PrgTest, SeededRngRepeatsAndContinues) {
  SeededRng a(AsBytes("seed")), b(AsBytes("seed")), c(AsBytes("other"));
  Bytes one(100), two(100), three(100);
  a.Fill(one);
  b.Fill(two);
  c.Fill(three);
  EXPECT_EQ(one, two);
  EXPECT_NE(one, three);
  a.Fill(two);
  EXPECT_NE(one, two);
}

TEST(PrgTest, UniformBelowCoversItsRangeAndNoMore) {
  SeededRng rng(AsBytes("uniform"));
  std::array<int, 5> seen = {};
  for (int i = 0; i < 5000; ++i) ++seen.at(UniformBelow(rng, 5));
  for (const int count : seen) EXPECT_NEAR(count, 1000, 150);
}

}  // namespace
}  // namespace sotto::crypto
