#include "model_store/blobs/blob_store.h"

#include "base/file.h"
#include "base/status.h"

namespace sotto::model_store {

absl::StatusOr<BlobStore> BlobStore::Open(const std::string& folder) {
  SOTTO_RETURN_IF_ERROR(MakeFolder(folder));
  return BlobStore(folder);
}

std::string BlobStore::PathOf(const crypto::Sha256Digest& digest) const {
  const std::string name = HexEncode(digest);
  return folder_ + "/" + name.substr(0, 2) + "/" + name;
}

absl::StatusOr<crypto::Sha256Digest> BlobStore::Put(ByteView bytes) {
  const crypto::Sha256Digest digest = crypto::Sha256(bytes);
  const std::string path = PathOf(digest);
  if (FileExists(path)) return digest;
  SOTTO_RETURN_IF_ERROR(MakeFolder(path.substr(0, path.rfind('/'))));
  SOTTO_RETURN_IF_ERROR(WriteFileAtomically(path, bytes));
  return digest;
}

absl::StatusOr<Bytes> BlobStore::Get(const crypto::Sha256Digest& digest) const {
  SOTTO_ASSIGN_OR_RETURN(Bytes bytes, ReadFile(PathOf(digest)));
  if (crypto::Sha256(bytes) != digest) {
    return absl::DataLossError("blob " + HexEncode(digest) +
                               " does not match its name");
  }
  return bytes;
}

absl::Status BlobStore::Remove(const crypto::Sha256Digest& digest) {
  return RemoveFile(PathOf(digest));
}

}  // namespace sotto::model_store
