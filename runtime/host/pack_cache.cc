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

// The file: header, index, then the entries, each at a multiple of 64.
constexpr std::array<char, 8> kMagic = {'S', 'O', 'T', 'T', 'O', 'P', 'K', 1};
struct Header {
  std::array<char, 8> magic;
  std::uint64_t entries;
};
struct IndexRow {
  std::array<std::uint64_t, 2> key;
  std::uint64_t offset, size;
};
constexpr std::uint64_t kMaxEntries = 1 << 20;

template <typename T>
void Hash(XXH3_state_t* state, const T& value) {
  XXH3_128bits_update(state, &value, sizeof(value));
}

void HashText(XXH3_state_t* state, const char* text) {
  XXH3_128bits_update(state, text, std::strlen(text) + 1);
}

}  // namespace

PackCache::Key PackCache::KeyOf(const Node& node) {
  XXH3_state_t state;
  XXH3_128bits_reset(&state);
  HashText(&state, node.label);
  Hash(&state, node.packed_layout);
  Hash(&state, static_cast<std::uint64_t>(node.packed_bytes));
  Hash(&state, VectorTargets());
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
  cache.ReadIndex();
  return cache;
}

void PackCache::ReadIndex() {
  Header header;
  if (file_.size() < sizeof(header)) return;
  std::memcpy(&header, file_.data(), sizeof(header));
  if (header.magic != kMagic || header.entries > kMaxEntries ||
      file_.size() < sizeof(header) + header.entries * sizeof(IndexRow)) {
    return;
  }
  for (std::uint64_t i = 0; i < header.entries; ++i) {
    IndexRow row;
    std::memcpy(&row, file_.data() + sizeof(header) + i * sizeof(row),
                sizeof(row));
    if (row.offset % 64 != 0 || row.offset > file_.size() ||
        row.size > file_.size() - row.offset) {
      index_.clear();
      return;
    }
    index_[row.key] = {row.offset, row.size};
  }
}

PackCache::Entry PackCache::Find(const Node& node) const {
  const auto found = index_.empty() ? index_.end() : index_.find(KeyOf(node));
  if (found == index_.end() || found->second.size != node.packed_bytes) {
    ++misses_;
    return {};
  }
  ++hits_;
  return {file_.data() + found->second.offset, mapping_};
}

void PackCache::Add(const Node& node) {
  const auto* begin = static_cast<const std::uint8_t*>(node.op.packed);
  added_[KeyOf(node)] = Bytes(begin, begin + node.packed_bytes);
}

absl::Status PackCache::Save() {
  if (added_.empty()) return absl::OkStatus();
  std::map<Key, ByteView> all;
  for (const auto& [key, place] : index_) {
    all[key] = file_.subspan(place.offset, place.size);
  }
  for (const auto& [key, bytes] : added_) all[key] = bytes;
  Bytes out(sizeof(Header) + all.size() * sizeof(IndexRow));
  const Header header = {kMagic, all.size()};
  std::memcpy(out.data(), &header, sizeof(header));
  std::size_t at = sizeof(header);
  for (const auto& [key, bytes] : all) {
    out.resize((out.size() + 63) / 64 * 64);
    const IndexRow row = {key, out.size(), bytes.size()};
    std::memcpy(out.data() + at, &row, sizeof(row));
    at += sizeof(row);
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
  return WriteFileAtomically(path_, out);
}

}  // namespace sotto::runtime
