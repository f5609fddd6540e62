#include "client/transport/blob_source.h"

#include "base/status.h"

namespace sotto::client {

absl::StatusOr<Bytes> BlobSource::GetAll(const std::string& path,
                                         std::uint64_t max_bytes) {
  Bytes bytes;
  // One byte more than allowed tells "as long as" from "longer than".
  SOTTO_RETURN_IF_ERROR(Get(path, 0, max_bytes + 1, [&](ByteView piece) {
    if (bytes.size() + piece.size() > max_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrFormat("'%s' is longer than %d bytes", path, max_bytes));
    }
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    return absl::OkStatus();
  }));
  return bytes;
}

}  // namespace sotto::client
