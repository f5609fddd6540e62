#include "server/rpc/status_cast.h"

#include <string>

#include "base/status.h"

namespace sotto::server {

static_assert(static_cast<int>(absl::StatusCode::kUnauthenticated) ==
              static_cast<int>(grpc::StatusCode::UNAUTHENTICATED));

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const absl::StatusCode code =
      AbslCodeFromInt(static_cast<int>(status.raw_code()));
  return {static_cast<grpc::StatusCode>(code), std::string(status.message())};
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  return {AbslCodeFromInt(static_cast<int>(status.error_code())),
          status.error_message()};
}

}  // namespace sotto::server
