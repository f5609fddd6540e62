// Blobs named by their SHA-256, in one folder: `ab/abcdef…`. Content is public
// ciphertext. Thread-safe.

#ifndef SOTTO_MODEL_STORE_BLOBS_BLOB_STORE_H_
#define SOTTO_MODEL_STORE_BLOBS_BLOB_STORE_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/sha2.h"

namespace sotto::model_store {

class BlobStore {
 public:
  // Creates the folder. Errors of MakeFolder.
  static absl::StatusOr<BlobStore> Open(const std::string& folder);

  // Writes atomically; OK when it is there already. Errors of the file system.
  absl::StatusOr<crypto::Sha256Digest> Put(ByteView bytes);
  // NOT_FOUND. DATA_LOSS: the file does not match its name.
  absl::StatusOr<Bytes> Get(const crypto::Sha256Digest& digest) const;
  // Whether or not it exists.
  std::string PathOf(const crypto::Sha256Digest& digest) const;
  absl::Status Remove(const crypto::Sha256Digest& digest);

 private:
  explicit BlobStore(std::string folder) : folder_(std::move(folder)) {}

  std::string folder_;
};

}  // namespace sotto::model_store

#endif  // SOTTO_MODEL_STORE_BLOBS_BLOB_STORE_H_
