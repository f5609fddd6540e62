#include "secure_agg/masking/mask.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "base/codec.h"
#include "base/parallel.h"
#include "crypto/hkdf.h"
#include "secure_agg/masking/aes_streams.h"

namespace sotto::secure_agg {
namespace {

// 16 KiB of values: with a tile of stream they stay in a 32 KiB L1 cache.
constexpr std::size_t kTile = 4096;
// Keys that are expanded at a time; they stay in the second-level cache.
constexpr std::size_t kBatch = 1024;

template <typename Body>
void ForEachTile(std::span<std::uint32_t> values, unsigned workers,
                 const Body& body) {
  ParallelFor(
      workers, (values.size() + kTile - 1) / kTile, [&](std::size_t tile) {
        const std::size_t first = tile * kTile;
        body(first,
             values.subspan(first, std::min(kTile, values.size() - first)));
      });
}

void AddInRegisters(std::span<const AesStream> streams, std::uint32_t bits,
                    std::span<std::uint32_t> values, unsigned workers) {
  ForEachTile(
      values, workers, [&](std::size_t first, std::span<std::uint32_t> tile) {
        if (bits > 16) return AddAesStreams(streams, first, tile);
        std::array<std::uint16_t, kTile> lanes = {};
        AddAesStreams(streams, first, std::span(lanes).first(tile.size()));
        for (std::size_t i = 0; i < tile.size(); ++i) {
          tile[i] += lanes[i];
        }
      });
}

template <typename Lane>
void AddLanes(std::span<const std::uint8_t> stream, Sign sign,
              std::span<std::uint32_t> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    Lane lane;
    std::memcpy(&lane, stream.data() + i * sizeof(Lane), sizeof(Lane));
    values[i] = sign == Sign::kPlus ? values[i] + lane : values[i] - lane;
  }
}

struct Stream {
  crypto::Prg prg;
  Sign sign;
};

void AddFromMemory(std::span<const Stream> streams, std::uint32_t bits,
                   std::span<std::uint32_t> values, unsigned workers) {
  const std::size_t width = bits <= 16 ? 2 : 4;
  ForEachTile(values, workers,
              [&](std::size_t first, std::span<std::uint32_t> tile) {
                alignas(64) std::array<std::uint8_t, kTile * 4> bytes;
                const auto stream = std::span(bytes).first(tile.size() * width);
                for (const auto& [prg, sign] : streams) {
                  prg.Fill(stream, first * width / crypto::Prg::kBlockBytes);
                  if (bits <= 16) {
                    AddLanes<std::uint16_t>(stream, sign, tile);
                  } else {
                    AddLanes<std::uint32_t>(stream, sign, tile);
                  }
                }
                crypto::Wipe(bytes);
              });
}

}  // namespace

crypto::Secret<32> VectorKey(const crypto::Secret<32>& seed,
                             std::string_view vector_name) {
  Encoder info("sotto/secagg/vector/v1");
  info.Text(vector_name);
  return crypto::HkdfKey(seed.Reveal(), {}, info.bytes());
}

void AddMasks(crypto::Prg::Kind kind, std::span<const Mask> masks,
              std::string_view vector_name, std::uint32_t bits,
              std::span<std::uint32_t> values, unsigned workers) {
  const bool in_registers =
      kind == crypto::Prg::Kind::kAes256Ctr && HasAesStreams();
  while (!masks.empty()) {
    const auto batch = masks.first(std::min(kBatch, masks.size()));
    masks = masks.subspan(batch.size());
    if (in_registers) {
      std::vector<AesStream> streams;
      streams.reserve(batch.size());
      for (const Mask& mask : batch) {
        streams.emplace_back(VectorKey(mask.seed, vector_name),
                             mask.sign == Sign::kMinus);
      }
      AddInRegisters(streams, bits, values, workers);
    } else {
      std::vector<Stream> streams;
      streams.reserve(batch.size());
      for (const Mask& mask : batch) {
        streams.push_back(
            {crypto::Prg(kind, VectorKey(mask.seed, vector_name)), mask.sign});
      }
      AddFromMemory(streams, bits, values, workers);
    }
  }
}

void ReduceLanes(std::uint32_t bits, std::span<std::uint32_t> values) {
  if (bits >= 32) return;
  const std::uint32_t mask = (std::uint32_t{1} << bits) - 1;
  for (std::uint32_t& value : values) value &= mask;
}

}  // namespace sotto::secure_agg
