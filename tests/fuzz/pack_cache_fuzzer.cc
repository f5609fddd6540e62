// Bytes as a file of packed weights: its index, with and without a checksum
// that is right, and through the file system what a node finds in it.
//
// The first byte says what is put right before: 1 magic, size and checksum, 2
// the first row's key as well.

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "runtime/host/pack_cache.h"

namespace sotto::runtime {
namespace {

constexpr std::size_t kMaxEntry = 1 << 16;

std::uint64_t sink = 0;

void ReadAll(const std::uint8_t* data, std::uint64_t size) {
  for (std::uint64_t i = 0; i < size; ++i) sink += data[i];
}

void Mend(Bytes& file, const PackCache::Key* key) {
  PackCacheHeader header;
  if (file.size() < sizeof(header)) return;
  std::memcpy(&header, file.data(), sizeof(header));
  header.magic = kPackCacheMagic;
  header.file_bytes = file.size();
  header.entries = std::min<std::uint64_t>(
      header.entries, (file.size() - sizeof(header)) / sizeof(PackCacheRow));
  if (key != nullptr && header.entries > 0) {
    std::memcpy(file.data() + sizeof(header), key->data(), sizeof(*key));
  }
  std::memcpy(file.data(), &header, sizeof(header));
  header.checksum = PackCacheChecksum(file);
  std::memcpy(file.data(), &header, sizeof(header));
}

void ReadAndFind(std::uint8_t mode, Bytes file) {
  std::uint8_t weight = 1;
  Tensor tensor = {.type = ElementType::kUint8,
                   .shape = {1, {1}},
                   .data = &weight,
                   .is_constant = true,
                   .quantization = {}};
  Node node;
  node.inputs = {&tensor};
  node.packed_layout = 1;
  // As large as the first row's, which the file names.
  PackCacheRow row = {};
  if (file.size() >= sizeof(PackCacheHeader) + sizeof(row)) {
    std::memcpy(&row, file.data() + sizeof(PackCacheHeader), sizeof(row));
  }
  node.packed_bytes = std::min<std::uint64_t>(row.size, kMaxEntry);
  static const std::string nowhere = "/proc/self/fd/none";
  if ((mode & 3) != 0) {
    const auto empty = PackCache::Open(nowhere);
    if (!empty.ok()) std::abort();
    const PackCache::Key key = empty->Find(node).key;
    Mend(file, (mode & 2) != 0 ? &key : nullptr);
  }
  for (const auto& [key, place] : ReadPackCacheIndex(file)) {
    ReadAll(file.data() + place.offset, place.size);
  }
  const int memory = ::memfd_create("cache", 0);
  if (memory < 0 || ::write(memory, file.data(), file.size()) !=
                        static_cast<ssize_t>(file.size())) {
    std::abort();
  }
  {
    const auto cache =
        PackCache::Open("/proc/self/fd/" + std::to_string(memory));
    if (!cache.ok()) std::abort();
    const PackCache::Entry entry = cache->Find(node);
    if (entry.data != nullptr) ReadAll(entry.data, node.packed_bytes);
  }
  ::close(memory);
}

}  // namespace
}  // namespace sotto::runtime

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size == 0) return 0;
  sotto::runtime::ReadAndFind(data[0], {data + 1, data + size});
  return 0;
}
