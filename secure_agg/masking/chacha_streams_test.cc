#include "secure_agg/masking/chacha_streams.h"

#include <cstddef>
#include <cstring>
#include <new>
#include <vector>

#include "base/bytes.h"
#include "crypto/prg.h"
#include "gtest/gtest.h"
#include "secure_agg/masking/test_targets.h"

namespace sotto::secure_agg {
namespace {

crypto::Secret<32> KeyOf(std::string_view hex) {
  const Bytes key = *HexDecode(hex);
  return crypto::Secret<32>::FromBytes(
      std::span<const std::uint8_t, 32>(key.data(), 32));
}

crypto::Secret<32> SomeKey(std::size_t number) {
  crypto::Secret<32> key;
  std::size_t i = 0;
  for (std::uint8_t& byte : key.RevealMutable()) {
    byte = static_cast<std::uint8_t>(0x9d * ++i ^ 0x35 * number);
  }
  return key;
}

constexpr bool SignOf(std::size_t number) { return number % 3 == 1; }

// The definition: lane after lane of the library's streams.
template <typename Lane>
void AddLibraryStreams(std::size_t streams, std::uint64_t first,
                       std::span<Lane> lanes) {
  Bytes bytes(lanes.size() * sizeof(Lane));
  for (std::size_t i = 0; i < streams; ++i) {
    crypto::Prg(crypto::Prg::Kind::kChaCha20, SomeKey(i))
        .Fill(bytes, first / (crypto::Prg::kBlockBytes / sizeof(Lane)));
    for (std::size_t j = 0; j < lanes.size(); ++j) {
      Lane lane;
      std::memcpy(&lane, bytes.data() + j * sizeof(Lane), sizeof(Lane));
      lanes[j] =
          static_cast<Lane>(SignOf(i) ? lanes[j] - lane : lanes[j] + lane);
    }
  }
}

// RFC 8439, appendix A.1, test vectors 1 to 4: those with a zero nonce.
TEST(ChaChaStreamsTest, BlocksAreThoseOfTheRfc) {
  struct Answer {
    const char* key;
    std::size_t block;
    const char* stream;
  };
  const Answer answers[] = {
      {"0000000000000000000000000000000000000000000000000000000000000000", 0,
       "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
       "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586"},
      {"0000000000000000000000000000000000000000000000000000000000000000", 1,
       "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
       "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f"},
      {"0000000000000000000000000000000000000000000000000000000000000001", 1,
       "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a"
       "8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0"},
      {"00ff000000000000000000000000000000000000000000000000000000000000", 2,
       "72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca"
       "13b25aa26cb4a648cb9b9d1be65b2c0924a66c54d545ec1b7374f4872e99f096"}};
  ForEachTarget([&] {
    for (const Answer& answer : answers) {
      const std::vector<ChaChaStream> streams = [&] {
        std::vector<ChaChaStream> one;
        one.emplace_back(KeyOf(answer.key), false);
        return one;
      }();
      std::vector<std::uint32_t> lanes(16 * (answer.block + 1));
      AddChaChaStreams(streams, 0, lanes);
      Bytes bytes(lanes.size() * 4);
      std::memcpy(bytes.data(), lanes.data(), bytes.size());
      EXPECT_EQ(HexEncode(ByteView(bytes).subspan(64 * answer.block)),
                answer.stream);
    }
  });
}

// Before and behind what is added to, lanes stay as they are.
template <typename Lane>
void ExpectLibraryStreams(std::size_t count, std::uint64_t first,
                          std::size_t size) {
  std::vector<ChaChaStream> streams;
  for (std::size_t i = 0; i < count; ++i) {
    streams.emplace_back(SomeKey(i), SignOf(i));
  }
  std::vector<Lane> start(size + 2);
  for (std::size_t i = 0; i < start.size(); ++i) {
    start[i] = static_cast<Lane>(i * 2654435761u);
  }
  std::vector<Lane> want = start;
  AddLibraryStreams(count, first, std::span(want).subspan(1, size));
  ForEachTarget([&] {
    std::vector<Lane> got = start;
    AddChaChaStreams(streams, first, std::span(got).subspan(1, size));
    EXPECT_EQ(got, want) << sizeof(Lane) << " bytes, " << count
                         << " streams, first " << first << ", " << size;
  });
}

TEST(ChaChaStreamsTest, LanesAreThoseOfTheLibraryAtEveryLength) {
  for (const std::size_t size :
       {0u,   1u,   3u,   15u,  16u,   17u,   31u,  63u,
        64u,  65u,  127u, 128u, 129u,  255u,  256u, 257u,
        300u, 511u, 512u, 513u, 1000u, 1023u, 1025u}) {
    for (const std::size_t count : {0u, 1u, 2u, 7u}) {
      ExpectLibraryStreams<std::uint32_t>(count, 0, size);
      ExpectLibraryStreams<std::uint16_t>(count, 0, size);
    }
  }
}

TEST(ChaChaStreamsTest, StreamsStartWhereTheyAreAskedTo) {
  for (const std::uint64_t first :
       {std::uint64_t{64}, std::uint64_t{128}, std::uint64_t{4096},
        std::uint64_t{64} * 1234567}) {
    ExpectLibraryStreams<std::uint32_t>(5, first, 700);
    ExpectLibraryStreams<std::uint16_t>(5, first, 700);
  }
}

// The counter has 64 bits: inside a group of blocks the low word wraps.
TEST(ChaChaStreamsTest, TheCounterGoesOnBeyondItsLowWord) {
  for (const std::uint64_t block :
       {(std::uint64_t{1} << 32) - 12, std::uint64_t{1} << 32,
        (std::uint64_t{3} << 40) + 4, (std::uint64_t{1} << 58) - 4}) {
    ExpectLibraryStreams<std::uint32_t>(3, block * 16, 700);
    ExpectLibraryStreams<std::uint16_t>(3, block * 32, 700);
  }
}

TEST(ChaChaStreamsTest, ManyStreamsOfBothSignsAddUp) {
  ExpectLibraryStreams<std::uint32_t>(200, 4096, 600);
  ExpectLibraryStreams<std::uint16_t>(200, 4096, 600);
}

TEST(ChaChaStreamsTest, TheKeyIsWiped) {
  alignas(ChaChaStream) std::byte memory[sizeof(ChaChaStream)];
  auto* stream = new (memory) ChaChaStream(SomeKey(1), false);
  const std::size_t at = static_cast<std::size_t>(
      reinterpret_cast<std::byte*>(stream->key.data()) - memory);
  EXPECT_NE(memory[at], std::byte{0});
  stream->~ChaChaStream();
  for (std::size_t i = 0; i < 32; ++i) EXPECT_EQ(memory[at + i], std::byte{0});
}

}  // namespace
}  // namespace sotto::secure_agg
