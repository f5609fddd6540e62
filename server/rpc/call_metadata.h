// Tokens in a call's metadata, and replies from StatusOr.

#ifndef SOTTO_SERVER_RPC_CALL_METADATA_H_
#define SOTTO_SERVER_RPC_CALL_METADATA_H_

#include <grpcpp/server_context.h>

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "server/rpc/status_cast.h"

namespace sotto::server {

// Empty when the call carries none.
inline std::string MetadataOf(const grpc::ServerContext& context,
                              const char* key) {
  const auto found = context.client_metadata().find(key);
  if (found == context.client_metadata().end()) return "";
  return {found->second.data(), found->second.size()};
}

inline std::string TokenOf(const grpc::ServerContext& context) {
  return MetadataOf(context, "sotto-token-bin");
}

template <typename Reply>
grpc::Status Answer(absl::StatusOr<Reply> result, Reply* reply) {
  if (result.ok()) *reply = *std::move(result);
  return ToGrpcStatus(result.status());
}

}  // namespace sotto::server

#endif  // SOTTO_SERVER_RPC_CALL_METADATA_H_
