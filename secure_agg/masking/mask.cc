#include "secure_agg/masking/mask.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/codec.h"
#include "crypto/hkdf.h"

namespace sotto::secure_agg {
namespace {

// 16 KiB of stream: with its 4096 accumulators it stays in a 32 KiB L1 cache.
constexpr std::size_t kTileBytes = 16384;

template <typename Lane>
void AddTiles(const crypto::Prg& prg, Sign sign,
              std::span<std::uint32_t> values) {
  constexpr std::size_t kLanes = kTileBytes / sizeof(Lane);
  alignas(64) std::array<std::uint8_t, kTileBytes> stream;
  std::uint64_t block = 0;
  while (!values.empty()) {
    const std::size_t count = std::min(values.size(), kLanes);
    prg.Fill(std::span(stream).first(count * sizeof(Lane)), block);
    for (std::size_t i = 0; i < count; ++i) {
      Lane lane;
      std::memcpy(&lane, stream.data() + i * sizeof(Lane), sizeof(Lane));
      values[i] = sign == Sign::kPlus ? values[i] + lane : values[i] - lane;
    }
    block += kTileBytes / crypto::Prg::kBlockBytes;
    values = values.subspan(count);
  }
  crypto::Wipe(stream);
}

}  // namespace

crypto::Secret<32> VectorKey(const crypto::Secret<32>& secret,
                             std::string_view vector_name) {
  Encoder info("sotto/secagg/vector/v1");
  info.Text(vector_name);
  return crypto::HkdfKey(secret.Reveal(), {}, info.bytes());
}

void AddMask(crypto::Prg::Kind kind, const crypto::Secret<32>& vector_key,
             std::uint32_t bits, Sign sign, std::span<std::uint32_t> values) {
  const crypto::Prg prg(kind, vector_key);
  if (bits <= 16) {
    AddTiles<std::uint16_t>(prg, sign, values);
  } else {
    AddTiles<std::uint32_t>(prg, sign, values);
  }
}

void ReduceLanes(std::uint32_t bits, std::span<std::uint32_t> values) {
  if (bits >= 32) return;
  const std::uint32_t mask = (std::uint32_t{1} << bits) - 1;
  for (std::uint32_t& value : values) value &= mask;
}

}  // namespace sotto::secure_agg
