#include "client/transport/grpc_coordinator.h"

#include <chrono>
#include <mutex>
#include <set>
#include <utility>

#include "base/file.h"
#include "base/status.h"
#include "client/transport/status_cast.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "proto/rpc/enrollment.grpc.pb.h"
#include "proto/rpc/federation.grpc.pb.h"
#include "proto/rpc/grants.grpc.pb.h"
#include "proto/rpc/telemetry.grpc.pb.h"

namespace sotto::client {
namespace {

// Longer than any long poll of the coordinator.
constexpr std::chrono::seconds kCallDeadline{30};
constexpr int kFirstReconnectMs = 50;
constexpr int kMaxReconnectMs = 1000;
// gRPC calls it the minimum back-off; it is what one connection may take,
// TLS included (doc/connection-backoff.md of gRPC, MIN_CONNECT_TIMEOUT).
constexpr int kConnectTimeoutMs = 10'000;
// How long a failed call stays to let the connection come back.
constexpr std::chrono::milliseconds kReconnectPatience{2000};
constexpr std::chrono::milliseconds kCancelInterval{50};
constexpr int kMaxMessageBytes = 64 << 20;
constexpr char kTokenKey[] = "sotto-token-bin";

class GrpcCoordinator final : public Coordinator {
 public:
  GrpcCoordinator(std::string target,
                  const std::shared_ptr<grpc::Channel>& channel)
      : target_(std::move(target)),
        channel_(channel),
        enrollment_(v1::Enrollment::NewStub(channel)),
        federation_(v1::Federation::NewStub(channel)),
        grants_(v1::Grants::NewStub(channel)),
        telemetry_(v1::Telemetry::NewStub(channel)) {}

  void SetToken(const std::string& token) override {
    const std::lock_guard lock(mutex_);
    token_ = token;
  }

  absl::StatusOr<v1::EnrollReply> Enroll(
      const v1::EnrollRequest& request) override {
    return Call<v1::EnrollReply>(
        [&](grpc::ClientContext* context, auto* reply) {
          return enrollment_->Enroll(context, request, reply);
        });
  }
  absl::StatusOr<v1::CheckInReply> CheckIn(
      const v1::CheckInRequest& request) override {
    return Call<v1::CheckInReply>(
        [&](grpc::ClientContext* context, auto* reply) {
          return federation_->CheckIn(context, request, reply);
        });
  }
  absl::StatusOr<v1::StepReply> Step(const v1::StepRequest& request) override {
    return Call<v1::StepReply>([&](grpc::ClientContext* context, auto* reply) {
      return federation_->Step(context, request, reply);
    });
  }
  absl::StatusOr<v1::GetGrantReply> GetGrant(
      const v1::GetGrantRequest& request) override {
    return Call<v1::GetGrantReply>(
        [&](grpc::ClientContext* context, auto* reply) {
          return grants_->GetGrant(context, request, reply);
        });
  }
  absl::StatusOr<v1::ReportReply> Report(
      const v1::ReportRequest& request) override {
    return Call<v1::ReportReply>(
        [&](grpc::ClientContext* context, auto* reply) {
          return telemetry_->Report(context, request, reply);
        });
  }

  void CancelCalls() override {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    for (grpc::ClientContext* context : running_) context->TryCancel();
  }
  void ResumeCalls() override {
    const std::lock_guard lock(mutex_);
    cancelled_ = false;
  }

 private:
  template <typename Reply, typename Body>
  absl::StatusOr<Reply> Call(const Body& body) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kCallDeadline);
    {
      const std::lock_guard lock(mutex_);
      if (cancelled_) return absl::CancelledError("the client is stopping");
      if (!token_.empty()) context.AddMetadata(kTokenKey, token_);
      running_.insert(&context);
    }
    Reply reply;
    const absl::Status status = FromGrpc(body(&context, &reply));
    {
      const std::lock_guard lock(mutex_);
      running_.erase(&context);
    }
    if (status.ok()) return reply;
    if (absl::IsUnavailable(status)) AwaitConnection();
    return Annotate(status, "coordinator " + target_);
  }

  // A channel makes progress only in a thread that waits on it, and a call on a
  // channel that failed before returns at once: with calls and pauses alone a
  // TLS handshake is never read to its end.
  void AwaitConnection() {
    const auto end = std::chrono::system_clock::now() + kReconnectPatience;
    while (std::chrono::system_clock::now() < end) {
      {
        const std::lock_guard lock(mutex_);
        if (cancelled_) return;
      }
      if (channel_->WaitForConnected(std::chrono::system_clock::now() +
                                     kCancelInterval)) {
        return;
      }
    }
  }

  const std::string target_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::Enrollment::Stub> enrollment_;
  const std::unique_ptr<v1::Federation::Stub> federation_;
  const std::unique_ptr<v1::Grants::Stub> grants_;
  const std::unique_ptr<v1::Telemetry::Stub> telemetry_;
  std::mutex mutex_;
  std::string token_;
  bool cancelled_ = false;
  std::set<grpc::ClientContext*> running_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Coordinator>> ConnectCoordinator(
    const std::string& target, const std::string& ca_file) {
  SOTTO_ASSIGN_OR_RETURN(const std::string pem, ReadTextFile(ca_file, 1 << 20));
  if (pem.find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrFormat("'%s' holds no PEM certificate", ca_file));
  }
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = pem;
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectTimeoutMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kMaxReconnectMs);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  std::unique_ptr<Coordinator> coordinator = std::make_unique<GrpcCoordinator>(
      target, grpc::CreateCustomChannel(target, grpc::SslCredentials(options),
                                        arguments));
  return coordinator;
}

}  // namespace sotto::client
