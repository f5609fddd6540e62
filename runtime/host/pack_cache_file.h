// The file of pack_cache.h: header, index, then the entries, each at a multiple
// of 64. Numbers are the processor's own: another byte order has another magic.

#ifndef SOTTO_RUNTIME_HOST_PACK_CACHE_FILE_H_
#define SOTTO_RUNTIME_HOST_PACK_CACHE_FILE_H_

#include <array>
#include <cstdint>
#include <map>

#include "base/bytes.h"

namespace sotto::runtime {

struct PackCacheHeader {
  std::uint64_t magic;
  std::uint64_t file_bytes, entries;
  std::uint64_t checksum;  // of the three above and the index; not of entries
};

struct PackCacheRow {
  std::array<std::uint64_t, 2> key;
  std::uint64_t offset, size;
};

constexpr std::uint64_t kPackCacheMagic = 0x534f54544f504b02;  // SOTTOPK, 2

// Where an entry lies in the file.
struct PackCachePlace {
  std::uint64_t offset, size;
};
using PackCacheIndex = std::map<std::array<std::uint64_t, 2>, PackCachePlace>;

// What the checksum of a file that begins with these bytes should be; they hold
// its header and index.
std::uint64_t PackCacheChecksum(ByteView file);

// Empty where the file is cut short, was changed in header or index, or is of
// another version; places are within the file.
PackCacheIndex ReadPackCacheIndex(ByteView file);

// The file of these entries.
Bytes WritePackCache(
    const std::map<std::array<std::uint64_t, 2>, ByteView>& entries);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_HOST_PACK_CACHE_FILE_H_
