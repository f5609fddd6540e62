#include "model_store/container/leaves.h"

#include <algorithm>

#include "base/status.h"

namespace sotto::model_store {
namespace {

crypto::Sha256Digest Tagged(std::uint8_t tag, ByteView a, ByteView b) {
  crypto::Sha256Hasher hasher;
  hasher.Update({&tag, 1});
  hasher.Update(a);
  hasher.Update(b);
  return hasher.Finish();
}

}  // namespace

std::uint64_t LeafCount(std::uint64_t container_bytes) {
  return std::max<std::uint64_t>(
      1, (container_bytes + kLeafBytes - 1) / kLeafBytes);
}

crypto::Sha256Digest LeafHash(ByteView leaf) { return Tagged(0, leaf, {}); }

std::vector<crypto::Sha256Digest> LeafHashes(ByteView container) {
  std::vector<crypto::Sha256Digest> leaves;
  do {
    const std::size_t size = std::min(container.size(), kLeafBytes);
    leaves.push_back(LeafHash(container.first(size)));
    container = container.subspan(size);
  } while (!container.empty());
  return leaves;
}

crypto::Sha256Digest LeafRoot(const std::vector<crypto::Sha256Digest>& leaves) {
  std::vector<crypto::Sha256Digest> level = leaves;
  while (level.size() > 1) {
    std::vector<crypto::Sha256Digest> above;
    for (std::size_t i = 0; i + 1 < level.size(); i += 2) {
      above.push_back(Tagged(1, level[i], level[i + 1]));
    }
    if (level.size() % 2 == 1) above.push_back(level.back());
    level = std::move(above);
  }
  return level.empty() ? LeafHash({}) : level[0];
}

absl::Status CheckLeaf(const std::vector<crypto::Sha256Digest>& leaves,
                       std::uint64_t container_bytes, std::uint64_t index,
                       ByteView leaf) {
  const std::uint64_t begin = index * kLeafBytes;
  if (index >= leaves.size() ||
      leaf.size() !=
          std::min<std::uint64_t>(kLeafBytes, container_bytes - begin) ||
      LeafHash(leaf) != leaves[index]) {
    return absl::DataLossError(
        absl::StrFormat("leaf %d does not match the signed list",
                        static_cast<std::int64_t>(index)));
  }
  return absl::OkStatus();
}

}  // namespace sotto::model_store
