// Weights in the kernels' layouts, kept in a file from one start to the next.
//
//   PackCache::Open(path) → Interpreter::Create(..., {.pack_cache = &cache}) →
//   cache.Save()
//
// An entry is found by a hash of what Pack reads (constant inputs, their
// quantisation, options), the layout, the kernel and the processor's vector
// targets; the file is mapped and entries are used in place, so several
// processes share them. The file is trusted as the model is: keep it where only
// the app writes. Not thread-safe.

#ifndef SOTTO_RUNTIME_HOST_PACK_CACHE_H_
#define SOTTO_RUNTIME_HOST_PACK_CACHE_H_

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "runtime/host/node.h"

namespace sotto::runtime {

class PackCache {
 public:
  struct Entry {
    const std::uint8_t* data = nullptr;  // null: not in the cache
    std::shared_ptr<const void> owner;   // keeps it mapped
  };

  // A missing file is an empty cache; so is one of another version or cut
  // short. Errors of the file system otherwise.
  static absl::StatusOr<PackCache> Open(const std::string& path);

  Entry Find(const Node& node) const;
  // Copies the packed bytes for Save.
  void Add(const Node& node);
  // Writes the file again if anything was added. Errors of the file system.
  absl::Status Save();

  std::size_t hits() const { return hits_; }
  std::size_t misses() const { return misses_; }

 private:
  using Key = std::array<std::uint64_t, 2>;

  struct Place {
    std::uint64_t offset, size;
  };

  static Key KeyOf(const Node& node);
  void ReadIndex();

  std::string path_;
  std::shared_ptr<const void> mapping_;
  ByteView file_;
  std::map<Key, Place> index_;
  std::map<Key, Bytes> added_;
  mutable std::size_t hits_ = 0, misses_ = 0;
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_HOST_PACK_CACHE_H_
