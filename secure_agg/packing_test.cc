#include "secure_agg/packing.h"

#include <gtest/gtest.h>

#include <vector>

#include "crypto/rng.h"

namespace sotto::secure_agg {
namespace {

TEST(PackingTest, ElementsOfEveryWidthComeBack) {
  crypto::SeededRng rng(AsBytes(std::string("packing")));
  for (std::uint32_t bits = 1; bits <= 32; ++bits) {
    for (const std::size_t count : {0, 1, 2, 3, 5, 7, 8, 9, 31, 64, 100}) {
      std::vector<std::uint32_t> values(count), back(count);
      for (std::uint32_t& value : values) {
        value = static_cast<std::uint32_t>(
            crypto::UniformBelow(rng, std::uint64_t{1} << bits));
      }
      Bytes bytes(PackedBytes(count, bits), 0xff);
      Pack(values, bits, bytes);
      EXPECT_TRUE(Unpack(bytes, bits, back)) << bits << " " << count;
      EXPECT_EQ(back, values) << bits << " " << count;
    }
  }
}

TEST(PackingTest, TheLowestBitsComeFirst) {
  const std::vector<std::uint32_t> values = {0x155, 0x2aa, 1};
  Bytes bytes(PackedBytes(3, 10));
  Pack(values, 10, bytes);
  // 1 | 1010101010 | 0101010101, from the right.
  EXPECT_EQ(bytes, (Bytes{0x55, 0xa9, 0x1a, 0x00}));
}

TEST(PackingTest, AnElementOf32BitsIsALittleEndianWord) {
  const std::vector<std::uint32_t> values = {0x04030201, 0x08070605};
  Bytes bytes(8);
  Pack(values, 32, bytes);
  EXPECT_EQ(bytes, (Bytes{1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(PackingTest, BitsAfterTheLastElementAreRefused) {
  std::vector<std::uint32_t> values(3);
  Bytes bytes(PackedBytes(3, 10), 0);
  EXPECT_TRUE(Unpack(bytes, 10, values));
  bytes.back() = 0x40;
  EXPECT_FALSE(Unpack(bytes, 10, values));
}

}  // namespace
}  // namespace sotto::secure_agg
