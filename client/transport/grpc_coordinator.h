// The coordinator over gRPC and TLS. Thread-safe.

#ifndef SOTTO_CLIENT_TRANSPORT_GRPC_COORDINATOR_H_
#define SOTTO_CLIENT_TRANSPORT_GRPC_COORDINATOR_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "client/transport/coordinator.h"

namespace sotto::client {

// `ca_file`: the only authority whose certificates are believed. Connects
// lazily. NOT_FOUND or INVALID_ARGUMENT: the file is absent or holds no PEM
// certificate.
absl::StatusOr<std::unique_ptr<Coordinator>> ConnectCoordinator(
    const std::string& target, const std::string& ca_file);

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_TRANSPORT_GRPC_COORDINATOR_H_
