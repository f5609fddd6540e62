#include "privacy/noise/random_words.h"

#include <bit>
#include <span>

#include "privacy/noise/integers.h"

namespace sotto::privacy {
namespace {

static_assert(std::endian::native == std::endian::little,
              "streams are read as little-endian words");

crypto::Secret<32> DrawKey(crypto::Rng& rng) {
  crypto::Secret<32> key;
  rng.Fill(key.RevealMutable());
  return key;
}

std::span<std::uint8_t> BytesOf(std::span<std::uint64_t> words) {
  return {reinterpret_cast<std::uint8_t*>(words.data()), words.size_bytes()};
}

}  // namespace

RandomWords::RandomWords(crypto::Rng& rng)
    : prg_(crypto::Prg::Preferred(), DrawKey(rng)) {}

RandomWords::RandomWords(const crypto::Secret<32>& key)
    : prg_(crypto::Prg::Kind::kChaCha20, key) {}

RandomWords::~RandomWords() { crypto::Wipe(BytesOf(buffer_)); }

void RandomWords::Refill() {
  prg_.Fill(BytesOf(buffer_), next_block_);
  next_block_ += sizeof buffer_ / crypto::Prg::kBlockBytes;
  position_ = 0;
}

std::uint64_t RandomWords::Below(std::uint64_t bound) {
  Uint128 product = Uint128{Next()} * bound;
  // 2^64 mod bound of the low halves would be over-represented.
  if (static_cast<std::uint64_t>(product) < bound) {
    const std::uint64_t excess = (0 - bound) % bound;
    while (static_cast<std::uint64_t>(product) < excess) {
      product = Uint128{Next()} * bound;
    }
  }
  return static_cast<std::uint64_t>(product >> 64);
}

}  // namespace sotto::privacy
