#include "crypto/stream.h"

#include "crypto/rng.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::crypto {
namespace {

Bytes Pattern(std::size_t size) {
  SeededRng rng(AsBytes("pattern"));
  Bytes bytes(size);
  rng.Fill(bytes);
  return bytes;
}

class StreamTest : public ::testing::TestWithParam<std::size_t> {
 protected:
  const Stream stream_{Secret<32>()};
};

TEST_P(StreamTest, OpensWhatItSealedAndNothingShorterOrLonger) {
  const Bytes plaintext = Pattern(GetParam());
  Bytes sealed = stream_.SealAll(plaintext);
  EXPECT_EQ(sealed.size(), StreamSealedBytes(plaintext.size()));
  EXPECT_EQ(HexEncode(stream_.OpenAll(sealed)->Reveal()), HexEncode(plaintext));
  for (const std::size_t cut :
       {std::size_t{1}, std::size_t{16}, std::size_t{17}}) {
    if (cut > sealed.size()) continue;
    EXPECT_THAT(stream_.OpenAll(ByteView(sealed).first(sealed.size() - cut)),
                StatusIs(absl::StatusCode::kDataLoss));
  }
  sealed.push_back(0);
  EXPECT_THAT(stream_.OpenAll(sealed), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_P(StreamTest, EveryFlippedBitIsNoticed) {
  const Bytes sealed = stream_.SealAll(Pattern(GetParam()));
  for (std::size_t i = 0; i < sealed.size(); i += 1 + sealed.size() / 50) {
    Bytes damaged = sealed;
    damaged[i] ^= 0x10;
    EXPECT_THAT(stream_.OpenAll(damaged),
                StatusIs(absl::StatusCode::kDataLoss));
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, StreamTest,
                         ::testing::Values(0, 1, 65535, 65536, 65537, 131072,
                                           200000));

TEST(StreamOrderTest, SwappedChunksAreRefused) {
  const Stream stream{Secret<32>()};
  Bytes sealed = stream.SealAll(Pattern(3 * kStreamChunkBytes));
  std::swap_ranges(sealed.begin(), sealed.begin() + kStreamSealedChunkBytes,
                   sealed.begin() + kStreamSealedChunkBytes);
  EXPECT_THAT(stream.OpenAll(sealed), StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace sotto::crypto
