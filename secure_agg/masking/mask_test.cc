#include "secure_agg/masking/mask.h"

#include <vector>

#include "crypto/rng.h"
#include "gtest/gtest.h"

namespace sotto::secure_agg {
namespace {

using Kind = crypto::Prg::Kind;

TEST(MaskTest, AddingAndRemovingAMaskIsNothingAtEveryWidth) {
  crypto::SeededRng rng(AsBytes("mask"));
  crypto::Secret<32> key;
  rng.Fill(key.RevealMutable());
  for (const Kind kind : {Kind::kAes256Ctr, Kind::kChaCha20}) {
    for (const std::uint32_t bits : {1u, 15u, 16u, 17u, 31u, 32u}) {
      for (const std::size_t size : {1u, 4095u, 4096u, 4097u, 20000u}) {
        std::vector<std::uint32_t> values(size);
        for (std::size_t i = 0; i < size; ++i) {
          values[i] = static_cast<std::uint32_t>(i) * 2654435761u;
        }
        ReduceLanes(bits, values);
        const auto before = values;
        AddMask(kind, key, bits, Sign::kPlus, values);
        ReduceLanes(bits, values);
        if (size > 100) {
          EXPECT_NE(values, before);
        }
        AddMask(kind, key, bits, Sign::kMinus, values);
        ReduceLanes(bits, values);
        EXPECT_EQ(values, before);
      }
    }
  }
}

TEST(MaskTest, VectorsOfAnotherNameHaveAnotherStream) {
  const crypto::Secret<32> secret;
  std::vector<std::uint32_t> a(64, 0), b(64, 0);
  AddMask(Kind::kChaCha20, VectorKey(secret, "update"), 32, Sign::kPlus, a);
  AddMask(Kind::kChaCha20, VectorKey(secret, "metrics"), 32, Sign::kPlus, b);
  EXPECT_NE(a, b);
}

// A tile boundary must not repeat or skip the stream.
TEST(MaskTest, TheStreamIsOneStreamAcrossTiles) {
  crypto::Secret<32> key;
  std::vector<std::uint32_t> values(10000, 0);
  AddMask(Kind::kAes256Ctr, key, 32, Sign::kPlus, values);
  Bytes stream(40000);
  crypto::Prg(Kind::kAes256Ctr, key).Fill(stream, 0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint32_t lane = 0;
    std::memcpy(&lane, stream.data() + 4 * i, 4);
    ASSERT_EQ(values[i], lane) << i;
  }
}

}  // namespace
}  // namespace sotto::secure_agg
