// The gRPC services of a Coordinator over TLS. Adaptors only: token in, call,
// status out.

#ifndef SOTTO_SERVER_RPC_RPC_SERVER_H_
#define SOTTO_SERVER_RPC_RPC_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/config.h"
#include "server/coordinator.h"

namespace sotto::server {

class RpcServer {
 public:
  // Listens when it returns. UNAVAILABLE: the address is taken or not of this
  // machine. INVALID_ARGUMENT: the certificate or key cannot be used. The
  // coordinator is borrowed.
  static absl::StatusOr<std::unique_ptr<RpcServer>> Start(
      const Address& address, const std::string& certificate_path,
      const std::string& key_path, Coordinator& coordinator);

  virtual ~RpcServer() = default;
  virtual std::uint16_t port() const = 0;
  // Refuses new calls and waits for running ones, a few seconds at most.
  virtual void Stop() = 0;
};

}  // namespace sotto::server

#endif  // SOTTO_SERVER_RPC_RPC_SERVER_H_
