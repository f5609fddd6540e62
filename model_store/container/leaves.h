// The Merkle tree over 1 MiB leaves of a container, so that a download is
// checked megabyte by megabyte without the key (docs/formats/mseal.md).
//
// leaf i  = SHA-256(0x00 || bytes), node = SHA-256(0x01 || left || right), an
// odd last node moves up (RFC 6962 section 2.1).

#ifndef SOTTO_MODEL_STORE_CONTAINER_LEAVES_H_
#define SOTTO_MODEL_STORE_CONTAINER_LEAVES_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/sha2.h"

namespace sotto::model_store {

inline constexpr std::size_t kLeafBytes = std::size_t{1} << 20;

std::uint64_t LeafCount(std::uint64_t container_bytes);  // at least 1
crypto::Sha256Digest LeafHash(ByteView leaf);
std::vector<crypto::Sha256Digest> LeafHashes(ByteView container);
crypto::Sha256Digest LeafRoot(const std::vector<crypto::Sha256Digest>& leaves);

// DATA_LOSS names the leaf: its length or hash is wrong.
absl::Status CheckLeaf(const std::vector<crypto::Sha256Digest>& leaves,
                       std::uint64_t container_bytes, std::uint64_t index,
                       ByteView leaf);

}  // namespace sotto::model_store

#endif  // SOTTO_MODEL_STORE_CONTAINER_LEAVES_H_
