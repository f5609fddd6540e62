#include "server/rpc/rpc_server.h"

#include <grpcpp/grpcpp.h>

#include <chrono>

#include "base/file.h"
#include "base/status.h"
#include "server/rpc/admin_service.h"
#include "server/rpc/device_services.h"

namespace sotto::server {
namespace {

// A task's initial weights arrive in one message.
constexpr int kMaxMessageBytes = 256 << 20;
constexpr auto kStopPatience = std::chrono::seconds(4);

class GrpcServer final : public RpcServer {
 public:
  explicit GrpcServer(Coordinator& coordinator)
      : enrollment_(coordinator),
        federation_(coordinator),
        grants_(coordinator),
        telemetry_(coordinator),
        admin_(coordinator) {}
  ~GrpcServer() override { Stop(); }

  absl::Status Listen(const Address& address, const std::string& certificate,
                      const std::string& key) {
    grpc::SslServerCredentialsOptions tls;
    tls.pem_key_cert_pairs.push_back({key, certificate});
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address.ToString(),
                             grpc::SslServerCredentials(tls), &port);
    // Two coordinators on one port would each get half of the calls.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
    builder.SetMaxSendMessageSize(kMaxMessageBytes);
    for (grpc::Service* service : {static_cast<grpc::Service*>(&enrollment_),
                                   static_cast<grpc::Service*>(&federation_),
                                   static_cast<grpc::Service*>(&grants_),
                                   static_cast<grpc::Service*>(&telemetry_),
                                   static_cast<grpc::Service*>(&admin_)}) {
      builder.RegisterService(service);
    }
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port == 0) {
      return absl::UnavailableError(absl::StrFormat(
          "listen '%s': cannot listen there; the port is taken or the address "
          "is not of this machine. Choose another, or port 0",
          address.ToString()));
    }
    port_ = static_cast<std::uint16_t>(port);
    return absl::OkStatus();
  }

  std::uint16_t port() const override { return port_; }

  void Stop() override {
    if (server_ == nullptr) return;
    server_->Shutdown(std::chrono::system_clock::now() + kStopPatience);
    server_->Wait();
    server_.reset();
  }

 private:
  EnrollmentService enrollment_;
  FederationService federation_;
  GrantsService grants_;
  TelemetryService telemetry_;
  AdminService admin_;
  std::unique_ptr<grpc::Server> server_;
  std::uint16_t port_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RpcServer>> RpcServer::Start(
    const Address& address, const std::string& certificate_path,
    const std::string& key_path, Coordinator& coordinator) {
  const auto certificate = ReadTextFile(certificate_path, 1 << 20);
  if (!certificate.ok()) {
    return Annotate(certificate.status(), "key 'tls_certificate'");
  }
  const auto key = ReadTextFile(key_path, 1 << 20);
  if (!key.ok()) return Annotate(key.status(), "key 'tls_key'");
  auto server = std::make_unique<GrpcServer>(coordinator);
  SOTTO_RETURN_IF_ERROR(server->Listen(address, *certificate, *key));
  return server;
}

}  // namespace sotto::server
