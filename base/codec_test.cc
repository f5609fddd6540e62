#include "base/codec.h"

#include "gtest/gtest.h"

namespace sotto {
namespace {

TEST(CodecTest, MatchesTheWorkedExampleOfTheFormatPage) {
  Encoder encoder("t/v1");
  encoder.U8(1).U16(0x0203).U32(4).I64(-1).Octets(ToBytes("ab"));
  EXPECT_EQ(HexEncode(encoder.bytes()),
            "04000000742f7631"
            "01"
            "0302"
            "04000000"
            "ffffffffffffffff"
            "020000006162");
}

TEST(CodecTest, DecoderReturnsWhatWasEncodedAndThenNothing) {
  Encoder encoder("t/v1");
  encoder.U8(200).U16(65535).U32(1u << 31).U64(1ull << 63).I64(-5).Text("x");
  Decoder decoder(encoder.bytes());
  EXPECT_TRUE(decoder.Tag("t/v1").ok());
  EXPECT_EQ(decoder.U8("a").value(), 200);
  EXPECT_EQ(decoder.U16("b").value(), 65535);
  EXPECT_EQ(decoder.U32("c").value(), 1u << 31);
  EXPECT_EQ(decoder.U64("d").value(), 1ull << 63);
  EXPECT_EQ(decoder.I64("e").value(), -5);
  EXPECT_EQ(decoder.Text("f").value(), "x");
  EXPECT_TRUE(decoder.Finish().ok());
}

TEST(CodecTest, EveryTruncationIsRefusedByName) {
  Encoder encoder("t/v1");
  encoder.U32(7).Text("abc");
  for (std::size_t size = 0; size < encoder.bytes().size(); ++size) {
    Decoder decoder(ByteView(encoder.bytes()).first(size));
    absl::Status status = decoder.Tag("t/v1");
    if (status.ok()) status = decoder.U32("number").status();
    if (status.ok()) status = decoder.Text("name").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << size;
  }
}

TEST(CodecTest, AnotherTagAndTrailingBytesAreRefused) {
  Encoder encoder("t/v1");
  Decoder other(encoder.bytes());
  EXPECT_FALSE(other.Tag("t/v2").ok());
  encoder.U8(0);
  Decoder trailing(encoder.bytes());
  EXPECT_TRUE(trailing.Tag("t/v1").ok());
  EXPECT_FALSE(trailing.Finish().ok());
}

TEST(CodecTest, AdjacentTextsDoNotRunTogether) {
  EXPECT_NE(Encoder("t").Text("ab").Text("c").bytes(),
            Encoder("t").Text("a").Text("bc").bytes());
}

}  // namespace
}  // namespace sotto
