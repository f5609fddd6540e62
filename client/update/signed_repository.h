// One TUF repository as the updater sees it. Not thread-safe.

#ifndef SOTTO_CLIENT_UPDATE_SIGNED_REPOSITORY_H_
#define SOTTO_CLIENT_UPDATE_SIGNED_REPOSITORY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/sha2.h"

namespace sotto::client {

// A target, as signed metadata describes it.
struct SignedTarget {
  std::string name;
  std::string path;  // at the source, for downloads in leaves
  std::uint64_t length_bytes = 0;
  Bytes sha256;
  std::uint64_t release_counter = 0;         // containers only
  std::vector<crypto::Sha256Digest> leaves;  // containers only
};

class SignedRepository {
 public:
  virtual ~SignedRepository() = default;

  // UNAVAILABLE: not reachable. PERMISSION_DENIED: a signature, version or role
  // does not hold. FAILED_PRECONDITION: metadata expired and no newer is to be
  // had. What was trusted before stays trusted.
  virtual absl::Status Refresh() = 0;

  // As of the last refresh. NOT_FOUND: no such target. INVALID_ARGUMENT: what
  // is said of a container does not add up.
  virtual absl::StatusOr<SignedTarget> Find(const std::string& name) = 0;

  // A small target's bytes. DATA_LOSS: other bytes than the signed ones.
  // RESOURCE_EXHAUSTED: longer than `max_bytes`.
  virtual absl::StatusOr<Bytes> Fetch(const SignedTarget& target,
                                      std::uint64_t max_bytes) = 0;

  // The release below which nothing of `model` may run; 0: none is signed.
  virtual std::uint64_t ReleaseFloor(const std::string& model) = 0;
};

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_UPDATE_SIGNED_REPOSITORY_H_
