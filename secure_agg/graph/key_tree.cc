#include "secure_agg/graph/key_tree.h"

#include <cassert>
#include <utility>

#include "base/codec.h"

namespace sotto::secure_agg {
namespace {

crypto::Sha256Digest Join(const crypto::Sha256Digest& left,
                          const crypto::Sha256Digest& right) {
  Encoder e("sotto/secagg/node/v1");
  e.Octets(left).Octets(right);
  return crypto::Sha256(e.bytes());
}

}  // namespace

KeyTree::KeyTree(std::vector<crypto::Sha256Digest> leaves) {
  levels_.push_back(std::move(leaves));
  while (levels_.back().size() > 1) {
    const std::vector<crypto::Sha256Digest>& below = levels_.back();
    std::vector<crypto::Sha256Digest> above;
    above.reserve((below.size() + 1) / 2);
    for (std::size_t i = 0; i + 1 < below.size(); i += 2) {
      above.push_back(Join(below[i], below[i + 1]));
    }
    if (below.size() % 2 == 1) above.push_back(below.back());
    levels_.push_back(std::move(above));
  }
  root_ = levels_.back().empty() ? crypto::Sha256({}) : levels_.back()[0];
}

std::vector<crypto::Sha256Digest> KeyTree::Path(std::size_t index) const {
  assert(index < size());
  std::vector<crypto::Sha256Digest> path;
  for (const auto& level : levels_) {
    const std::size_t sibling = index ^ 1;
    if (sibling < level.size()) path.push_back(level[sibling]);
    index /= 2;
  }
  return path;
}

absl::Status CheckPath(const crypto::Sha256Digest& leaf, std::size_t index,
                       std::size_t size,
                       std::span<const crypto::Sha256Digest> path,
                       const crypto::Sha256Digest& root) {
  const auto refused = [](const char* why) {
    return absl::PermissionDeniedError(why);
  };
  if (index >= size) return refused("a key's place is outside the cohort");
  crypto::Sha256Digest node = leaf;
  std::size_t used = 0;
  for (; size > 1; size = (size + 1) / 2, index /= 2) {
    if ((index ^ 1) >= size) continue;
    if (used == path.size()) return refused("a key's path is too short");
    const crypto::Sha256Digest& sibling = path[used++];
    node = index % 2 == 0 ? Join(node, sibling) : Join(sibling, node);
  }
  if (used != path.size()) return refused("a key's path is too long");
  if (node != root) return refused("a key is not under the manifest's root");
  return absl::OkStatus();
}

}  // namespace sotto::secure_agg
