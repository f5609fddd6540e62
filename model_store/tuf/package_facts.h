// What signed metadata says of a container beyond its length: the `custom`
// object of its target entry (docs/formats/tuf.md). Publishers write it with
// PackageFactsJson, devices and the coordinator read it.
//
//   {"must_match": {"release_counter": 2}, "version": 2, "sha256": hex,
//    "tree": {"alg": "sha256-merkle", "leaf": 1048576, "root": hex,
//             "leaves": [hex, ...]},
//    "min_release_counter": 1}
//
// Thread-safe: free functions.

#ifndef SOTTO_MODEL_STORE_TUF_PACKAGE_FACTS_H_
#define SOTTO_MODEL_STORE_TUF_PACKAGE_FACTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/sha2.h"
#include "model_store/tuf/metadata.h"

namespace sotto::model_store {

struct PackageFacts {
  // 0: the target is no container, and nothing else is set.
  std::uint64_t release_counter = 0;
  std::uint64_t version = 0;         // of the model, for people
  crypto::Sha256Digest digest = {};  // of the container
  std::vector<crypto::Sha256Digest> leaves;
  // No older release of the family may run from now on; 0: not said.
  std::uint64_t min_release_counter = 0;
};

// The facts of `container`, digest and leaves computed.
std::string PackageFactsJson(ByteView container, std::uint64_t release_counter,
                             std::uint64_t version,
                             std::uint64_t min_release_counter);

// INVALID_ARGUMENT names the target and the field: of a wrong type, leaves that
// are not as many as the length wants or do not hash to the root.
absl::StatusOr<PackageFacts> ParsePackageFacts(const TufTarget& target);

// "digits/cnn/2/<device>.mseal" -> "<device>"; empty for the common package
// "digits/cnn/2.mseal" and for what is no container.
std::string PackageRecipient(const std::string& target_name);

}  // namespace sotto::model_store

#endif  // SOTTO_MODEL_STORE_TUF_PACKAGE_FACTS_H_
