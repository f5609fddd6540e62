#include "runtime/host/pack_cache.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "base/file.h"
#include "base/status.h"
#include "runtime/kernels/vector_targets.h"
// Header-only: the state lives on the stack, nothing is linked.
#define XXH_INLINE_ALL
#include "xxhash.h"

namespace sotto::runtime {
namespace {

template <typename T>
void Hash(XXH3_state_t* state, const T& value) {
  XXH3_128bits_update(state, &value, sizeof(value));
}

void HashText(XXH3_state_t* state, const char* text) {
  XXH3_128bits_update(state, text, std::strlen(text) + 1);
}

}  // namespace

PackCache::PackCache() : targets_(VectorTargets()) {}

PackCache::Key PackCache::KeyOf(const Node& node) const {
  XXH3_state_t state;
  XXH3_128bits_reset(&state);
  HashText(&state, node.label);
  Hash(&state, node.packed_layout);
  Hash(&state, static_cast<std::uint64_t>(node.packed_bytes));
  Hash(&state, targets_);
  const Options& o = node.op.options;
  for (const std::int32_t value :
       {static_cast<std::int32_t>(o.padding), o.stride_w, o.stride_h,
        o.dilation_w, o.dilation_h, o.depth_multiplier,
        static_cast<std::int32_t>(o.activation),
        static_cast<std::int32_t>(o.second_activation)}) {
    Hash(&state, value);
  }
  const auto tensor = [&state](const Tensor* t) {
    Hash(&state, t == nullptr);
    if (t == nullptr) return;
    Hash(&state, static_cast<std::uint8_t>(t->type));
    Hash(&state, static_cast<std::uint64_t>(t->shape.rank));
    for (std::size_t i = 0; i < t->shape.rank; ++i) Hash(&state, t->shape[i]);
    const TensorQuantization& q = t->quantization;
    Hash(&state, q.zero_point);
    Hash(&state, q.count);
    for (std::int32_t i = 0; i < q.count; ++i) Hash(&state, q.scale[i]);
    Hash(&state, t->is_constant);
    if (t->is_constant && t->bytes() > 0) {
      XXH3_128bits_update(&state, t->data, t->bytes());
    }
  };
  for (const Tensor* t : node.inputs) tensor(t);
  for (const Tensor* t : node.outputs) tensor(t);
  for (const Tensor* t : node.intermediates) tensor(t);
  const XXH128_hash_t hash = XXH3_128bits_digest(&state);
  return {hash.low64, hash.high64};
}

absl::StatusOr<PackCache> PackCache::Open(const std::string& path) {
  PackCache cache;
  cache.path_ = path;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    if (errno == ENOENT) return cache;
    return absl::ErrnoToStatus(errno, path);
  }
  struct stat info = {};
  const bool known = ::fstat(file, &info) == 0 && S_ISREG(info.st_mode);
  const auto size = static_cast<std::size_t>(info.st_size);
  void* const data = !known || size == 0 ? MAP_FAILED
                                         : ::mmap(nullptr, size, PROT_READ,
                                                  MAP_SHARED, file, 0);
  ::close(file);
  if (data == MAP_FAILED) return cache;
  cache.mapping_ = std::shared_ptr<const void>(
      data, [size](const void* p) { ::munmap(const_cast<void*>(p), size); });
  cache.file_ = {static_cast<const std::uint8_t*>(data), size};
  cache.index_ = ReadPackCacheIndex(cache.file_);
  return cache;
}

PackCache::Entry PackCache::Find(const Node& node) const {
  Entry entry = {.key = KeyOf(node), .data = nullptr, .owner = nullptr};
  const auto found = index_.find(entry.key);
  if (found == index_.end() || found->second.size != node.packed_bytes) {
    ++misses_;
    return entry;
  }
  ++hits_;
  entry.data = file_.data() + found->second.offset;
  entry.owner = mapping_;
  return entry;
}

void PackCache::Add(const Key& key, const Node& node) {
  const auto* begin = static_cast<const std::uint8_t*>(node.op.packed);
  added_[key] = Bytes(begin, begin + node.packed_bytes);
}

absl::Status PackCache::Save() {
  if (added_.empty()) return absl::OkStatus();
  std::map<Key, ByteView> all;
  for (const auto& [key, place] : index_) {
    all[key] = file_.subspan(place.offset, place.size);
  }
  for (const auto& [key, bytes] : added_) all[key] = bytes;
  return WriteFileAtomically(path_, WritePackCache(all));
}

}  // namespace sotto::runtime
