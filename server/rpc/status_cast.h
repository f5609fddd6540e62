// The one border between absl::Status and grpc::Status.

#ifndef SOTTO_SERVER_RPC_STATUS_CAST_H_
#define SOTTO_SERVER_RPC_STATUS_CAST_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace sotto::server {

// The 17 codes have the same numbers on both sides; another number becomes
// UNKNOWN. The message goes along, details do not.
grpc::Status ToGrpcStatus(const absl::Status& status);
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace sotto::server

#endif  // SOTTO_SERVER_RPC_STATUS_CAST_H_
