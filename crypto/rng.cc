#include "crypto/rng.h"

#include <sodium.h>

#include <cassert>
#include <cstring>
#include <limits>

#include "crypto/prg.h"
#include "crypto/sha2.h"
#include "crypto/sodium.h"

namespace sotto::crypto {
namespace {

class OsRng final : public Rng {
 public:
  void Fill(std::span<std::uint8_t> bytes) override {
    EnsureSodium();
    if (!bytes.empty()) randombytes_buf(bytes.data(), bytes.size());
  }
};

}  // namespace

Rng& SystemRng() {
  static auto* const rng = new OsRng;
  return *rng;
}

SeededRng::SeededRng(ByteView seed)
    : key_(Secret<32>::FromBytes(Sha256(seed))) {}

void SeededRng::Fill(std::span<std::uint8_t> bytes) {
  const Prg prg(Prg::Kind::kChaCha20, key_);
  prg.Fill(bytes, blocks_used_);
  blocks_used_ += (bytes.size() + Prg::kBlockBytes - 1) / Prg::kBlockBytes;
}

std::uint64_t UniformBelow(Rng& rng, std::uint64_t bound) {
  assert(bound >= 1);
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t limit = kMax - (kMax % bound + 1) % bound;
  for (;;) {
    std::uint8_t raw[8];
    rng.Fill(raw);
    std::uint64_t value = 0;
    std::memcpy(&value, raw, sizeof value);
    if (value <= limit) return value % bound;
  }
}

}  // namespace sotto::crypto
