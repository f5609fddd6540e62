#include "secure_agg/packing.h"

#include <bit>
#include <cassert>
#include <cstring>

namespace sotto::secure_agg {
namespace {

// Eight bytes hold any element, wherever it begins in the first of them.
std::uint64_t LoadWord(const std::uint8_t* bytes) {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof(word));
  if constexpr (std::endian::native == std::endian::big) {
    word = __builtin_bswap64(word);
  }
  return word;
}

void StoreWord(std::uint64_t word, std::uint8_t* bytes) {
  if constexpr (std::endian::native == std::endian::big) {
    word = __builtin_bswap64(word);
  }
  std::memcpy(bytes, &word, sizeof(word));
}

}  // namespace

void Pack(std::span<const std::uint32_t> elements, std::uint32_t bits,
          std::span<std::uint8_t> out) {
  assert(out.size() == PackedBytes(elements.size(), bits));
  std::uint64_t pending = 0;  // its lower `filled` bits
  std::uint32_t filled = 0;
  std::size_t at = 0;
  for (const std::uint32_t element : elements) {
    pending |= static_cast<std::uint64_t>(element) << filled;
    filled += bits;
    if (filled < 32) continue;
    // Writes eight bytes, of which four are whole and stay.
    if (at + sizeof(pending) <= out.size()) {
      StoreWord(pending, out.data() + at);
    } else {
      for (std::size_t i = 0; i < 4; ++i) {
        out[at + i] = static_cast<std::uint8_t>(pending >> (8 * i));
      }
    }
    at += 4;
    pending >>= 32;
    filled -= 32;
  }
  for (; at < out.size(); ++at, pending >>= 8) {
    out[at] = static_cast<std::uint8_t>(pending);
  }
}

bool Unpack(ByteView bytes, std::uint32_t bits,
            std::span<std::uint32_t> elements) {
  assert(bytes.size() == PackedBytes(elements.size(), bits));
  const auto mask = static_cast<std::uint32_t>((std::uint64_t{1} << bits) - 1);
  std::size_t i = 0;
  std::uint64_t bit = 0;
  for (; i < elements.size() && bit / 8 + 8 <= bytes.size(); ++i, bit += bits) {
    elements[i] = static_cast<std::uint32_t>(LoadWord(bytes.data() + bit / 8) >>
                                             (bit % 8)) &
                  mask;
  }
  const auto tail = [&](std::uint64_t from) {
    std::uint64_t word = 0;
    for (std::size_t k = from / 8; k < bytes.size(); ++k) {
      word |= static_cast<std::uint64_t>(bytes[k]) << (8 * (k - from / 8));
    }
    return word >> (from % 8);
  };
  for (; i < elements.size(); ++i, bit += bits) {
    elements[i] = static_cast<std::uint32_t>(tail(bit)) & mask;
  }
  return bit / 8 == bytes.size() || tail(bit) == 0;
}

}  // namespace sotto::secure_agg
