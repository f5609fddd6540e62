#include "client/transport/status_cast.h"

#include "base/status.h"

namespace sotto::client {

absl::Status FromGrpc(const grpc::Status& status) {
  return absl::Status(AbslCodeFromInt(static_cast<int>(status.error_code())),
                      status.error_message());
}

}  // namespace sotto::client
