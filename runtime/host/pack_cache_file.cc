#include "runtime/host/pack_cache_file.h"

#include <cstddef>
#include <cstring>

// Header-only: nothing is linked.
#define XXH_INLINE_ALL
#include "xxhash.h"

namespace sotto::runtime {
namespace {

constexpr std::uint64_t kMaxEntries = 1 << 20;
constexpr std::size_t kAlignment = 64;

std::size_t IndexEnd(std::uint64_t entries) {
  return sizeof(PackCacheHeader) + entries * sizeof(PackCacheRow);
}

}  // namespace

std::uint64_t PackCacheChecksum(ByteView file) {
  PackCacheHeader header;
  std::memcpy(&header, file.data(), sizeof(header));
  const XXH64_hash_t seed =
      XXH3_64bits(&header, offsetof(PackCacheHeader, checksum));
  return XXH3_64bits_withSeed(file.data() + sizeof(header),
                              IndexEnd(header.entries) - sizeof(header), seed);
}

PackCacheIndex ReadPackCacheIndex(ByteView file) {
  PackCacheHeader header;
  if (file.size() < sizeof(header)) return {};
  std::memcpy(&header, file.data(), sizeof(header));
  if (header.magic != kPackCacheMagic || header.file_bytes != file.size() ||
      header.entries > kMaxEntries || IndexEnd(header.entries) > file.size() ||
      header.checksum != PackCacheChecksum(file)) {
    return {};
  }
  PackCacheIndex index;
  for (std::uint64_t i = 0; i < header.entries; ++i) {
    PackCacheRow row;
    std::memcpy(&row, file.data() + IndexEnd(i), sizeof(row));
    if (row.offset % kAlignment != 0 || row.offset > file.size() ||
        row.size > file.size() - row.offset) {
      return {};
    }
    index[row.key] = {row.offset, row.size};
  }
  return index;
}

Bytes WritePackCache(
    const std::map<std::array<std::uint64_t, 2>, ByteView>& entries) {
  const auto aligned = [](std::size_t n) {
    return (n + kAlignment - 1) / kAlignment * kAlignment;
  };
  std::size_t size = IndexEnd(entries.size());
  for (const auto& entry : entries) size = aligned(size) + entry.second.size();
  Bytes out(size);
  PackCacheHeader header = {kPackCacheMagic, size, entries.size(), 0};
  std::memcpy(out.data(), &header, sizeof(header));
  std::size_t at = IndexEnd(entries.size()), i = 0;
  for (const auto& [key, bytes] : entries) {
    at = aligned(at);
    const PackCacheRow row = {key, at, bytes.size()};
    std::memcpy(out.data() + IndexEnd(i++), &row, sizeof(row));
    if (!bytes.empty())
      std::memcpy(out.data() + at, bytes.data(), bytes.size());
    at += bytes.size();
  }
  header.checksum = PackCacheChecksum(out);
  std::memcpy(out.data(), &header, sizeof(header));
  return out;
}

}  // namespace sotto::runtime
