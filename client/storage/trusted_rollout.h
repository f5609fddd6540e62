// The rollout document that this device follows, as received: the next one is
// judged against it.

#ifndef SOTTO_CLIENT_STORAGE_TRUSTED_ROLLOUT_H_
#define SOTTO_CLIENT_STORAGE_TRUSTED_ROLLOUT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "client/storage/client_database.h"

namespace sotto::client {

class TrustedRollout {
 public:
  // `database` outlives it.
  explicit TrustedRollout(ClientDatabase& database) : database_(database) {}

  // Empty: none was accepted yet.
  absl::StatusOr<std::optional<Bytes>> Load(const std::string& model);
  // FAILED_PRECONDITION: a document of the same or a higher number is kept.
  absl::Status Save(const std::string& model, std::uint64_t seq,
                    ByteView document);

 private:
  ClientDatabase& database_;
};

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_STORAGE_TRUSTED_ROLLOUT_H_
