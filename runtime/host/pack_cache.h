// Weights in the kernels' layouts, kept in a file from one start to the next.
//
//   PackCache::Open(path) → Interpreter::Create(..., {.pack_cache = &cache}) →
//   cache.Save()
//
// An entry is found by a hash of what Pack reads (constant inputs, their
// quantisation, options; 26 GB/s on a Zen 4 core), the layout, the kernel and
// the processor's vector targets; the file is mapped and entries are used in
// place, so several processes share them. The file is trusted as the model is:
// keep it where only the app writes. Not thread-safe.

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
#include "runtime/host/pack_cache_file.h"

namespace sotto::runtime {

class PackCache {
 public:
  // A hash of all that the packed bytes depend on.
  using Key = std::array<std::uint64_t, 2>;

  struct Entry {
    Key key;
    const std::uint8_t* data = nullptr;  // null: not in the cache
    std::shared_ptr<const void> owner;   // keeps it mapped
  };

  // A missing file is an empty cache; so is one of another version, cut short
  // or with a changed index. Errors of the file system otherwise.
  static absl::StatusOr<PackCache> Open(const std::string& path);

  Entry Find(const Node& node) const;
  // Copies the packed bytes of a node that Find did not find, for Save.
  void Add(const Key& key, const Node& node);
  // Writes the file again if anything was added. Errors of the file system.
  absl::Status Save();

  std::size_t hits() const { return hits_; }
  std::size_t misses() const { return misses_; }

 private:
  PackCache();

  Key KeyOf(const Node& node) const;

  std::string path_;
  std::int64_t targets_;  // asking the processor takes microseconds
  std::shared_ptr<const void> mapping_;
  ByteView file_;
  PackCacheIndex index_;
  std::map<Key, Bytes> added_;
  mutable std::size_t hits_ = 0, misses_ = 0;
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_HOST_PACK_CACHE_H_
