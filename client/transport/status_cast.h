// The client's checked border between grpc::Status and absl::Status. The
// numbers are the same; one outside 0..16 becomes UNKNOWN.

#ifndef SOTTO_CLIENT_TRANSPORT_STATUS_CAST_H_
#define SOTTO_CLIENT_TRANSPORT_STATUS_CAST_H_

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace sotto::client {

absl::Status FromGrpc(const grpc::Status& status);

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_TRANSPORT_STATUS_CAST_H_
