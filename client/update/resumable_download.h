// Fetches one container into a file, leaf by leaf: each leaf is checked against
// its signed hash on arrival, written in place, synced, and recorded. After a
// kill at any instruction the next call fetches only the leaves that are
// missing. A source that serves damaged bytes costs one leaf, and nothing is
// ever installed half.

#ifndef SOTTO_CLIENT_UPDATE_RESUMABLE_DOWNLOAD_H_
#define SOTTO_CLIENT_UPDATE_RESUMABLE_DOWNLOAD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/storage/download_ledger.h"
#include "client/transport/blob_source.h"
#include "crypto/sha2.h"

namespace sotto::client {

struct DownloadRequest {
  std::string name;     // for messages: the target's name
  std::string path;     // at the source
  std::string file;     // where the finished file goes
  std::string partial;  // where it grows; on the same file system
  Bytes key;            // names the download in the ledger
  std::uint64_t length_bytes = 0;
  std::uint64_t leaf_bytes = 0;
  // Signed, in order; hashed as model_store/container/leaves.h says.
  std::vector<crypto::Sha256Digest> leaves;
};

// Returns the bytes that went over the network for this file, in all attempts
// together. `file` is renamed into place when all leaves are there.
// INVALID_ARGUMENT: the number of leaves does not fit the length. DATA_LOSS: a
// leaf does not match its hash; the message names the file and the leaf, and
// the leaves before it are kept. Errors of BlobSource::Get and of writing.
absl::StatusOr<std::uint64_t> Download(const DownloadRequest& request,
                                       BlobSource& source,
                                       DownloadLedger& ledger);

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_UPDATE_RESUMABLE_DOWNLOAD_H_
