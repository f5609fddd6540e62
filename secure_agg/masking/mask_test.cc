#include "secure_agg/masking/mask.h"

#include <cstring>
#include <vector>

#include "base/bytes.h"
#include "crypto/rng.h"
#include "gtest/gtest.h"
#include "secure_agg/masking/aes_streams.h"
#include "secure_agg/masking/test_targets.h"

namespace sotto::secure_agg {
namespace {

using Kind = crypto::Prg::Kind;

std::vector<Mask> MakeMasks(std::size_t count) {
  crypto::SeededRng rng(AsBytes("masks"));
  std::vector<Mask> masks(count);
  for (std::size_t i = 0; i < count; ++i) {
    rng.Fill(masks[i].seed.RevealMutable());
    masks[i].sign = i % 3 == 1 ? Sign::kMinus : Sign::kPlus;
  }
  return masks;
}

// The definition: lane by lane from the library's stream.
void AddSlowly(Kind kind, const std::vector<Mask>& masks, std::uint32_t bits,
               std::vector<std::uint32_t>& values) {
  const std::size_t width = bits <= 16 ? 2 : 4;
  for (const Mask& mask : masks) {
    Bytes stream(values.size() * width);
    crypto::Prg(kind, VectorKey(mask.seed, "update")).Fill(stream, 0);
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::uint32_t lane = 0;
      std::memcpy(&lane, stream.data() + i * width, width);
      values[i] += mask.sign == Sign::kPlus ? lane : -lane;
    }
  }
}

std::vector<std::uint32_t> SomeValues(std::size_t size, std::uint32_t bits) {
  std::vector<std::uint32_t> values(size);
  for (std::size_t i = 0; i < size; ++i) {
    values[i] = static_cast<std::uint32_t>(i) * 2654435761u;
  }
  ReduceLanes(bits, values);
  return values;
}

// Sizes around vectors, groups of vectors, tiles and batches of keys.
TEST(MaskTest, TheSumIsThatOfTheDefinitionAtEveryWidthAndLength) {
  for (const Kind kind : {Kind::kAes256Ctr, Kind::kChaCha20}) {
    for (const std::uint32_t bits : {1u, 15u, 16u, 17u, 31u, 32u}) {
      for (const std::size_t size : {1u, 3u, 127u, 128u, 129u, 255u, 257u,
                                     4095u, 4096u, 4097u, 10000u}) {
        const std::vector<Mask> masks = MakeMasks(size == 129 ? 1030 : 5);
        auto values = SomeValues(size, bits), expected = values;
        AddSlowly(kind, masks, bits, expected);
        ReduceLanes(bits, expected);
        const auto start = values;
        ForEachTarget([&] {
          values = start;
          AddMasks(kind, masks, "update", bits, values);
          ReduceLanes(bits, values);
          EXPECT_EQ(values, expected) << bits << " bits, " << size;
        });
      }
    }
  }
}

TEST(MaskTest, WorkersChangeNothing) {
  for (const Kind kind : {Kind::kAes256Ctr, Kind::kChaCha20}) {
    for (const std::uint32_t bits : {16u, 32u}) {
      const std::vector<Mask> masks = MakeMasks(7);
      auto alone = SomeValues(40000, bits), shared = alone;
      AddMasks(kind, masks, "update", bits, alone, 1);
      AddMasks(kind, masks, "update", bits, shared, 5);
      EXPECT_EQ(alone, shared);
    }
  }
}

TEST(MaskTest, VectorsOfAnotherNameHaveAnotherStream) {
  const std::vector<Mask> masks = MakeMasks(1);
  std::vector<std::uint32_t> a(64, 0), b(64, 0);
  AddMasks(Kind::kChaCha20, masks, "update", 32, a);
  AddMasks(Kind::kChaCha20, masks, "metrics", 32, b);
  EXPECT_NE(a, b);
}

// FIPS 197, appendix A.3: the first and last words of the expanded key.
TEST(AesStreamsTest, TheKeyScheduleIsThatOfTheStandard) {
  if (!HasAesStreams()) GTEST_SKIP() << "no AES instructions";
  const Bytes key = *HexDecode(
      "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
  const AesStream stream(
      crypto::Secret<32>::FromBytes(std::span<const std::uint8_t, 32>(key)),
      false);
  const std::span<const std::uint8_t> words = stream.round_keys;
  EXPECT_EQ(HexEncode(words.first(32)), HexEncode(key));
  EXPECT_EQ(HexEncode(words.subspan(32, 4)), "9ba35411");
  EXPECT_EQ(HexEncode(words.subspan(48, 4)), "a8b09c1a");
  EXPECT_EQ(HexEncode(words.last(4)), "706c631e");
}

}  // namespace
}  // namespace sotto::secure_agg
