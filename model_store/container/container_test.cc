#include "model_store/container/container.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "crypto/stream.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::model_store {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kFixed = 64;  // bytes before the header

class ContainerTest : public ::testing::Test {
 protected:
  Bytes Payload(std::size_t size) {
    Bytes payload(size);
    crypto::SeededRng rng(AsBytes(std::to_string(size)));
    rng.Fill(payload);
    return payload;
  }
  Bytes Seal(ByteView payload) {
    return SealContainer(payload,
                         {.alias = "digits",
                          .kind = ContainerKind::kCheckpoint,
                          .created_ms = 1767225600000},
                         key_, rng_);
  }
  static std::size_t HeaderSize(ByteView container) {
    return container[12] + 256u * container[13];
  }
  // Changes the plaintext of a container of one chunk and seals it again under
  // its own key and nonce.
  template <typename Change>
  Bytes WithPlaintext(Bytes container, const Change& change) {
    const std::size_t nonce = kFixed + HeaderSize(container);
    const ByteView view = container;
    const crypto::Stream stream(
        crypto::StreamPayloadKey(key_, view.subspan(nonce, 16)));
    const auto opened = stream.OpenAll(view.subspan(nonce + 16)).value();
    Bytes plaintext(opened.Reveal().begin(), opened.Reveal().end());
    change(plaintext);
    std::ranges::copy(stream.SealAll(plaintext),
                      container.begin() + static_cast<long>(nonce) + 16);
    return container;
  }

  crypto::SeededRng rng_{AsBytes("container")};
  FileKey key_ = NewFileKey(rng_);
};

TEST_F(ContainerTest, APayloadOfAnySizeComesBack) {
  std::vector<std::size_t> sizes = {0, 1, 63, 64, 65, 4095, 1000000};
  // Around the ends of chunks, for the plaintext is somewhat longer.
  for (const std::size_t chunk : {65536u, 131072u, 196608u}) {
    for (std::size_t before = 120; before <= 200; before += 4) {
      sizes.push_back(chunk - before);
    }
    for (const int off : {-1, 0, 1}) sizes.push_back(chunk + off);
  }
  for (const std::size_t size : sizes) {
    const Bytes payload = Payload(size), container = Seal(payload);
    const auto opened = OpenContainer(container, key_);
    ASSERT_THAT(opened, IsOk()) << size;
    EXPECT_TRUE(std::ranges::equal(opened->bytes(), payload)) << size;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(opened->bytes().data()) % 64,
              0u);
  }
}

TEST_F(ContainerTest, TheHeaderIsReadWithoutTheKey) {
  const auto header = InspectContainer(Seal(Payload(10)));
  ASSERT_THAT(header, IsOk());
  EXPECT_EQ(header->alias, "digits");
  EXPECT_EQ(header->kind, ContainerKind::kCheckpoint);
  EXPECT_EQ(header->created_ms, 1767225600000);
}

TEST_F(ContainerTest, TheFormatDoesNotChangeUnnoticed) {
  // The digest of all bytes, for a seeded key, header id and nonce.
  const Bytes container = Seal(ToBytes("payload"));
  EXPECT_EQ(HexEncode(ByteView(container).first(16)),
            "894d534c0d0a1a0a0100010048000000");
  EXPECT_EQ(HexEncode(ContainerDigest(container)),
            "29097075f165c969b656d84a7f3f67080472ebb1ddb1f1239ab65a8e48d29df4");
}

TEST_F(ContainerTest, TwoContainersOfOnePayloadHaveNothingInCommon) {
  const Bytes a = Seal(Payload(1000)), b = Seal(Payload(1000));
  const std::size_t begin = kFixed + HeaderSize(a);
  int same = 0;
  for (std::size_t i = begin; i < a.size(); ++i) same += a[i] == b[i];
  EXPECT_LT(same, 30);  // about one of 256
}

// Every bit of the file, and who notices.
TEST_F(ContainerTest, EveryFlippedBitIsNoticed) {
  const Bytes good = Seal(Payload(100));
  const std::size_t header_end = kFixed + HeaderSize(good);
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes bad = good;
      bad[at] ^= static_cast<std::uint8_t>(1 << bit);
      const auto opened = OpenContainer(bad, key_);
      ASSERT_FALSE(opened.ok()) << at << " " << bit;
      if (at < 32) {  // magic, version, suite, lengths
        ASSERT_THAT(opened, StatusIs(kInvalid)) << at << " " << bit;
      } else if (at < kFixed) {  // the commitment
        ASSERT_THAT(opened, StatusIs(kDenied)) << at << " " << bit;
      } else if (at < header_end) {  // may be malformed before it is bound
        ASSERT_THAT(opened.status().code(), ::testing::AnyOf(kDenied, kInvalid))
            << at << " " << bit;
      } else if (at < header_end + 16) {  // the nonce
        ASSERT_THAT(opened, StatusIs(kDenied)) << at << " " << bit;
      } else {
        ASSERT_THAT(opened, StatusIs(kDamaged)) << at << " " << bit;
      }
    }
  }
}

// T15.
TEST_F(ContainerTest, EveryTruncationAndExtensionIsRefused) {
  const Bytes good = Seal(Payload(100));
  for (std::size_t size = 0; size < good.size(); ++size) {
    ASSERT_THAT(OpenContainer(ByteView(good).first(size), key_),
                StatusIs(kInvalid))
        << size;
    ASSERT_THAT(InspectContainer(ByteView(good).first(size)),
                StatusIs(kInvalid))
        << size;
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_THAT(OpenContainer(longer, key_), StatusIs(kInvalid));
}

TEST_F(ContainerTest, TruncationAtChunksWithLengthsToMatchIsRefused) {
  const Bytes good = Seal(Payload(150000));  // three chunks
  for (const std::size_t chunks : {1u, 2u}) {
    const std::size_t plaintext = chunks * 65536;
    Bytes bad = good;
    bad.resize(kFixed + HeaderSize(good) + 16 + chunks * 65552);
    for (int i = 0; i < 8; ++i) {
      bad[16 + i] = static_cast<std::uint8_t>(plaintext >> (8 * i));
      bad[24 + i] = static_cast<std::uint8_t>((16 + chunks * 65552) >> (8 * i));
    }
    ASSERT_THAT(InspectContainer(bad), IsOk());
    EXPECT_THAT(OpenContainer(bad, key_), StatusIs(kDenied));
  }
}

TEST_F(ContainerTest, ChunksInAnotherOrderAreDamage) {
  const Bytes good = Seal(Payload(150000));
  const auto chunk = [&](Bytes& bytes, int index) {
    return bytes.begin() +
           static_cast<long>(kFixed + HeaderSize(good) + 16 + index * 65552);
  };
  Bytes swapped = good;
  std::swap_ranges(chunk(swapped, 0), chunk(swapped, 1), chunk(swapped, 1));
  EXPECT_THAT(OpenContainer(swapped, key_),
              StatusIs(kDamaged, HasSubstr("chunk 0")));
  Bytes repeated = good;
  std::copy(chunk(repeated, 0), chunk(repeated, 1), chunk(repeated, 1));
  EXPECT_THAT(OpenContainer(repeated, key_),
              StatusIs(kDamaged, HasSubstr("chunk 1")));
  Bytes last = good;
  last.back() ^= 1;
  EXPECT_THAT(OpenContainer(last, key_),
              StatusIs(kDamaged, HasSubstr("chunk 2")));
}

// T16.
TEST_F(ContainerTest, TheKeyOfAnotherContainerIsToldFromDamage) {
  const Bytes container = Seal(Payload(100));
  EXPECT_THAT(OpenContainer(container, NewFileKey(rng_)), StatusIs(kDenied));
  EXPECT_THAT(OpenContainer(container, FileKey()), StatusIs(kDenied));
}

TEST_F(ContainerTest, AHeaderOfAnotherContainerIsRefused) {
  const Bytes a = Seal(Payload(100)), b = Seal(Payload(100));
  Bytes mixed = a;
  std::copy_n(b.begin() + kFixed, HeaderSize(a), mixed.begin() + kFixed);
  EXPECT_THAT(OpenContainer(mixed, key_), StatusIs(kDenied));
}

TEST_F(ContainerTest, OtherVersionsAndSuitesAreNamed) {
  for (const std::size_t at : {8u, 10u}) {
    Bytes bad = Seal(Payload(1));
    bad[at] = 2;
    EXPECT_THAT(InspectContainer(bad),
                StatusIs(kInvalid, HasSubstr("version")));
  }
}

TEST_F(ContainerTest, AMalformedInsideOfARightfulKeyIsDamage) {
  const Bytes good = Seal(Payload(100));
  ASSERT_THAT(OpenContainer(WithPlaintext(good, [](Bytes&) {}), key_), IsOk());
  // The table's size, its root, everything.
  EXPECT_THAT(
      OpenContainer(WithPlaintext(good, [](Bytes& p) { p[0] = 0; }), key_),
      StatusIs(kDamaged));
  EXPECT_THAT(
      OpenContainer(WithPlaintext(good, [](Bytes& p) { p[3] = 0xff; }), key_),
      StatusIs(kDamaged));
  EXPECT_THAT(
      OpenContainer(WithPlaintext(good, [](Bytes& p) { p[4] = 0xff; }), key_),
      StatusIs(kDamaged));
  EXPECT_THAT(
      OpenContainer(
          WithPlaintext(good, [](Bytes& p) { std::ranges::fill(p, 0xff); }),
          key_),
      StatusIs(kDamaged));
}

TEST(PaddedSizeTest, PaddingHidesTheSizeForATwelfthAtMost) {
  EXPECT_EQ(PaddedSize(0), 0u);
  EXPECT_EQ(PaddedSize(1), 1u);
  EXPECT_EQ(PaddedSize(9), 10u);
  EXPECT_EQ(PaddedSize(1000), 1024u);
  EXPECT_EQ(PaddedSize(1048577), 1081344u);
  std::uint64_t previous = 0;
  for (std::uint64_t size = 1; size < 100000; ++size) {
    const std::uint64_t padded = PaddedSize(size);
    ASSERT_GE(padded, size);
    ASSERT_LE((padded - size) * 100, size * 12) << size;
    ASSERT_GE(padded, previous);
    previous = padded;
  }
}

TEST(LockedMemoryTest, TheReportSaysWhatWasAchieved) {
  auto memory = LockedMemory::Create(100000).value();
  EXPECT_EQ(memory.report().total_bytes, 100000u);
  EXPECT_THAT(memory.report().locked_bytes, ::testing::AnyOf(0u, 100000u));
  EXPECT_EQ(memory.bytes().size(), 100000u);
  memory.bytes()[99999] = 1;
  LockedMemory moved = std::move(memory);
  EXPECT_EQ(moved.bytes()[99999], 1);
  EXPECT_EQ(LockedMemory::Create(0).value().bytes().size(), 0u);
  EXPECT_THAT(LockedMemory::Create(std::size_t{1} << 60).status(),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

}  // namespace
}  // namespace sotto::model_store
