#include "secure_agg/graph/key_tree.h"

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::secure_agg {
namespace {

std::vector<crypto::Sha256Digest> Leaves(std::size_t count) {
  std::vector<crypto::Sha256Digest> leaves(count);
  for (std::size_t i = 0; i < count; ++i) {
    leaves[i].fill(static_cast<std::uint8_t>(i + 1));
  }
  return leaves;
}

TEST(KeyTreeTest, EveryLeafOfEveryShapeHasAPath) {
  for (std::size_t size = 1; size <= 33; ++size) {
    const auto leaves = Leaves(size);
    const KeyTree tree(leaves);
    for (std::size_t i = 0; i < size; ++i) {
      EXPECT_THAT(CheckPath(leaves[i], i, size, tree.Path(i), tree.root()),
                  IsOk())
          << i << " of " << size;
    }
  }
}

TEST(KeyTreeTest, AnotherLeafPlaceSizeOrPathIsRefused) {
  for (const std::size_t size : {2u, 3u, 7u, 8u, 21u}) {
    const auto leaves = Leaves(size);
    const KeyTree tree(leaves);
    for (std::size_t i = 0; i < size; ++i) {
      const auto path = tree.Path(i);
      const auto refused = [&](const absl::Status& status) {
        EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied)
            << i << " of " << size;
      };
      for (std::size_t j = 0; j <= size; ++j) {
        if (j != i) refused(CheckPath(leaves[i], j, size, path, tree.root()));
      }
      refused(CheckPath(leaves[(i + 1) % size], i, size, path, tree.root()));
      auto longer = path;
      longer.push_back(leaves[0]);
      refused(CheckPath(leaves[i], i, size, longer, tree.root()));
      auto shorter = path;
      shorter.pop_back();
      refused(CheckPath(leaves[i], i, size, shorter, tree.root()));
      for (std::size_t k = 0; k < path.size(); ++k) {
        auto other = path;
        other[k][5] ^= 1;
        refused(CheckPath(leaves[i], i, size, other, tree.root()));
      }
      auto root = tree.root();
      root[0] ^= 1;
      refused(CheckPath(leaves[i], i, size, path, root));
    }
  }
}

}  // namespace
}  // namespace sotto::secure_agg
