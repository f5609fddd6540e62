// Files by HTTP path: metadata, containers, blobs. Bytes from here are believed
// only after a hash or signature was checked.

#ifndef SOTTO_CLIENT_TRANSPORT_BLOB_SOURCE_H_
#define SOTTO_CLIENT_TRANSPORT_BLOB_SOURCE_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"

namespace sotto::client {

// Gets the bytes in order, in pieces of any size; a failure ends the transfer
// and is its result.
using ByteSink = std::function<absl::Status(ByteView)>;

class BlobSource {
 public:
  virtual ~BlobSource() = default;

  // Base of all paths: "https://host:port".
  virtual void SetBase(const std::string& url) = 0;

  // The bytes of `path` from `offset` to the end, or to `offset` + `max_bytes`.
  // RESOURCE_EXHAUSTED: the source has more than `max_bytes` and cannot be told
  // to stop there. NOT_FOUND: no such file. OUT_OF_RANGE: `offset` is at or
  // past the end. UNAVAILABLE: no connection, or it broke, or it was too slow.
  // PERMISSION_DENIED: the server's certificate is not of the pinned authority.
  // CANCELLED: CancelTransfers.
  virtual absl::Status Get(const std::string& path, std::uint64_t offset,
                           std::uint64_t max_bytes, const ByteSink& sink) = 0;

  // The whole file; RESOURCE_EXHAUSTED when it is longer than `max_bytes`.
  absl::StatusOr<Bytes> GetAll(const std::string& path,
                               std::uint64_t max_bytes);

  // Makes running and later transfers return CANCELLED, until ResumeTransfers.
  // May be called from any thread.
  virtual void CancelTransfers() = 0;
  virtual void ResumeTransfers() = 0;
};

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_TRANSPORT_BLOB_SOURCE_H_
