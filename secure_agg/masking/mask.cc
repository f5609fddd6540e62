#include "secure_agg/masking/mask.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "base/codec.h"
#include "base/parallel.h"
#include "crypto/hkdf.h"
#include "secure_agg/masking/aes_streams.h"
#include "secure_agg/masking/chacha_streams.h"

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

// add(first, lanes) adds the streams' lanes from `first` on.
template <typename Add>
void AddInRegisters(const Add& add, std::uint32_t bits,
                    std::span<std::uint32_t> values, unsigned workers) {
  ForEachTile(
      values, workers, [&](std::size_t first, std::span<std::uint32_t> tile) {
        if (bits > 16) return add(first, tile);
        std::array<std::uint16_t, kTile> lanes = {};
        add(first, std::span(lanes).first(tile.size()));
        for (std::size_t i = 0; i < tile.size(); ++i) {
          tile[i] += lanes[i];
        }
        crypto::Wipe(
            {reinterpret_cast<std::uint8_t*>(lanes.data()), sizeof(lanes)});
      });
}

template <typename Stream>
std::vector<Stream> MakeStreams(std::span<const Mask> masks,
                                std::string_view vector_name) {
  std::vector<Stream> streams;
  streams.reserve(masks.size());
  for (const Mask& mask : masks) {
    streams.emplace_back(VectorKey(mask.seed, vector_name),
                         mask.sign == Sign::kMinus);
  }
  return streams;
}

template <typename Lane>
void AddLanes(std::span<const std::uint8_t> stream, bool subtract,
              std::span<std::uint32_t> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    Lane lane;
    std::memcpy(&lane, stream.data() + i * sizeof(Lane), sizeof(Lane));
    values[i] = subtract ? values[i] - lane : values[i] + lane;
  }
}

// AES where the processor has no instructions for it: the library's stream.
struct LibraryStream {
  LibraryStream(const crypto::Secret<32>& key, bool is_subtracted)
      : prg(crypto::Prg::Kind::kAes256Ctr, key), subtract(is_subtracted) {}

  crypto::Prg prg;
  bool subtract;
};

void AddFromMemory(std::span<const LibraryStream> streams, std::uint32_t bits,
                   std::span<std::uint32_t> values, unsigned workers) {
  const std::size_t width = bits <= 16 ? 2 : 4;
  ForEachTile(values, workers,
              [&](std::size_t first, std::span<std::uint32_t> tile) {
                alignas(64) std::array<std::uint8_t, kTile * 4> bytes;
                const auto stream = std::span(bytes).first(tile.size() * width);
                for (const auto& [prg, subtract] : streams) {
                  prg.Fill(stream, first * width / crypto::Prg::kBlockBytes);
                  if (bits <= 16) {
                    AddLanes<std::uint16_t>(stream, subtract, tile);
                  } else {
                    AddLanes<std::uint32_t>(stream, subtract, tile);
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
  while (!masks.empty()) {
    const auto batch = masks.first(std::min(kBatch, masks.size()));
    masks = masks.subspan(batch.size());
    if (kind == crypto::Prg::Kind::kChaCha20) {
      const auto streams = MakeStreams<ChaChaStream>(batch, vector_name);
      AddInRegisters(
          [&](std::size_t first, auto lanes) {
            AddChaChaStreams(streams, first, lanes);
          },
          bits, values, workers);
    } else if (HasAesStreams()) {
      const auto streams = MakeStreams<AesStream>(batch, vector_name);
      AddInRegisters([&](std::size_t first,
                         auto lanes) { AddAesStreams(streams, first, lanes); },
                     bits, values, workers);
    } else {
      AddFromMemory(MakeStreams<LibraryStream>(batch, vector_name), bits,
                    values, workers);
    }
  }
}

void ReduceLanes(std::uint32_t bits, std::span<std::uint32_t> values) {
  if (bits >= 32) return;
  const std::uint32_t mask = (std::uint32_t{1} << bits) - 1;
  for (std::uint32_t& value : values) value &= mask;
}

}  // namespace sotto::secure_agg
