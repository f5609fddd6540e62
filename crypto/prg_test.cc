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
