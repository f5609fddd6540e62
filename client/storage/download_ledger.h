// Which leaves of an unfinished download are on disk. A leaf is recorded after
// its bytes are synced, so what the ledger says is there is there.

#ifndef SOTTO_CLIENT_STORAGE_DOWNLOAD_LEDGER_H_
#define SOTTO_CLIENT_STORAGE_DOWNLOAD_LEDGER_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "client/storage/client_database.h"

namespace sotto::client {

struct DownloadProgress {
  std::uint64_t length_bytes = 0;
  std::vector<bool> leaves;         // true: verified and durable
  std::uint64_t fetched_bytes = 0;  // over the network, lost ones included
};

class DownloadLedger {
 public:
  // `database` outlives it.
  explicit DownloadLedger(ClientDatabase& database) : database_(database) {}

  // What is known of the file `digest`; nothing done when it is new or was
  // begun with another length or number of leaves.
  absl::StatusOr<DownloadProgress> Load(ByteView digest,
                                        std::uint64_t length_bytes,
                                        std::size_t num_leaves);
  absl::Status Save(ByteView digest, const DownloadProgress& progress);
  absl::Status Forget(ByteView digest);

 private:
  ClientDatabase& database_;
};

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_STORAGE_DOWNLOAD_LEDGER_H_
