// The Merkle tree over a cohort's keys (shape of RFC 6962 section 2.1, own
// domain tags; docs/protocol/secure_aggregation.md, "Bytes"): its root is in
// the manifest, and a path shows one member that a leaf is under it.

#ifndef SOTTO_SECURE_AGG_GRAPH_KEY_TREE_H_
#define SOTTO_SECURE_AGG_GRAPH_KEY_TREE_H_

#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "crypto/sha2.h"

namespace sotto::secure_agg {

class KeyTree {
 public:
  // Over the leaves in roster order. Without leaves the root is the hash of
  // nothing.
  explicit KeyTree(std::vector<crypto::Sha256Digest> leaves);

  std::size_t size() const { return levels_.front().size(); }
  const crypto::Sha256Digest& root() const { return root_; }
  // The siblings on the way up from leaf `index` < size(), asserted; a node
  // without one, the last of an odd level, moves up unchanged.
  std::vector<crypto::Sha256Digest> Path(std::size_t index) const;

 private:
  std::vector<std::vector<crypto::Sha256Digest>> levels_;  // leaves first
  crypto::Sha256Digest root_;
};

// PERMISSION_DENIED: `leaf` is not number `index` of the `size` leaves under
// `root`, or the path has another length than such a path.
absl::Status CheckPath(const crypto::Sha256Digest& leaf, std::size_t index,
                       std::size_t size,
                       std::span<const crypto::Sha256Digest> path,
                       const crypto::Sha256Digest& root);

}  // namespace sotto::secure_agg

#endif  // SOTTO_SECURE_AGG_GRAPH_KEY_TREE_H_
