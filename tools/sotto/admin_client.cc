#include "tools/sotto/admin_client.h"

#include <grpcpp/grpcpp.h>

#include <chrono>

#include "base/file.h"
#include "base/status.h"
#include "proto/rpc/admin.grpc.pb.h"
#include "server/rpc/status_cast.h"

namespace sotto::tools {
namespace {

constexpr auto kDeadline = std::chrono::seconds(30);
constexpr int kMaxMessageBytes = 256 << 20;

}  // namespace

struct AdminClient::Channel {
  std::string server;
  std::string token;
  std::unique_ptr<v1::Admin::Stub> rpc;

  void Prepare(grpc::ClientContext& context) const {
    context.set_deadline(std::chrono::system_clock::now() + kDeadline);
    context.AddMetadata("sotto-admin-token-bin", token);
  }

  absl::Status Explain(const grpc::Status& status) const {
    if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
      return absl::UnavailableError(
          "coordinator " + server + ": " + status.error_message() +
          "; is it running, and does --ca match its certificate?");
    }
    return server::FromGrpcStatus(status);
  }

  template <typename Reply, typename Request>
  absl::StatusOr<Reply> Call(grpc::Status (v1::Admin::Stub::*method)(
                                 grpc::ClientContext*, const Request&, Reply*),
                             const Request& request) {
    grpc::ClientContext context;
    Prepare(context);
    Reply reply;
    SOTTO_RETURN_IF_ERROR(
        Explain((rpc.get()->*method)(&context, request, &reply)));
    return reply;
  }
};

void AddAdminOptions(CLI::App& command, AdminOptions& options) {
  command.add_option("--server", options.server, "coordinator, HOST:PORT")
      ->required();
  command.add_option("--ca", options.ca, "certificate authority, PEM")
      ->required();
  command.add_option("--admin-token", options.token_file, "admin token file")
      ->required();
  command.add_flag("--json", options.json, "print JSON");
}

AdminClient::AdminClient(std::unique_ptr<Channel> channel)
    : channel_(std::move(channel)) {}
AdminClient::AdminClient(AdminClient&&) noexcept = default;
AdminClient::~AdminClient() = default;

absl::StatusOr<AdminClient> AdminClient::Connect(const AdminOptions& options) {
  SOTTO_ASSIGN_OR_RETURN(const std::string ca,
                         ReadTextFile(options.ca, 1 << 20));
  SOTTO_ASSIGN_OR_RETURN(std::string token,
                         ReadTextFile(options.token_file, 4096));
  while (!token.empty() && token.back() == '\n') token.pop_back();
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = ca;
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  auto channel = std::make_unique<Channel>();
  channel->server = options.server;
  channel->token = token;
  channel->rpc = v1::Admin::NewStub(grpc::CreateCustomChannel(
      options.server, grpc::SslCredentials(tls), arguments));
  return AdminClient(std::move(channel));
}

absl::Status AdminClient::CreateTask(const v1::CreateTaskRequest& request) {
  return channel_->Call(&v1::Admin::Stub::CreateTask, request).status();
}

absl::StatusOr<v1::TaskStatus> AdminClient::GetTask(const std::string& task) {
  v1::GetTaskRequest request;
  request.set_task(task);
  return channel_->Call(&v1::Admin::Stub::GetTask, request);
}

absl::StatusOr<v1::TaskStatus> AdminClient::StopTask(const std::string& task) {
  v1::GetTaskRequest request;
  request.set_task(task);
  return channel_->Call(&v1::Admin::Stub::StopTask, request);
}

absl::StatusOr<v1::RoundStatus> AdminClient::ExplainRound(
    const std::string& task, std::uint64_t round) {
  v1::ExplainRoundRequest request;
  request.set_task(task);
  request.set_round(round);
  return channel_->Call(&v1::Admin::Stub::ExplainRound, request);
}

absl::StatusOr<Bytes> AdminClient::ExportCheckpoint(const std::string& task,
                                                    std::uint64_t round) {
  v1::ExportCheckpointRequest request;
  request.set_task(task);
  request.set_round(round);
  grpc::ClientContext context;
  channel_->Prepare(context);
  const auto reader = channel_->rpc->ExportCheckpoint(&context, request);
  Bytes weights;
  v1::Chunk chunk;
  while (reader->Read(&chunk)) {
    weights.insert(weights.end(), chunk.data().begin(), chunk.data().end());
  }
  SOTTO_RETURN_IF_ERROR(channel_->Explain(reader->Finish()));
  return weights;
}

absl::StatusOr<v1::ListDevicesReply> AdminClient::ListDevices() {
  return channel_->Call(&v1::Admin::Stub::ListDevices,
                        v1::ListDevicesRequest());
}

absl::Status AdminClient::RevokeDevice(ByteView device_id,
                                       const std::string& reason) {
  v1::RevokeDeviceRequest request;
  request.set_device_id(ToString(device_id));
  request.set_reason(reason);
  return channel_->Call(&v1::Admin::Stub::RevokeDevice, request).status();
}

absl::StatusOr<v1::RolloutStatus> AdminClient::StartRollout(
    const v1::StartRolloutRequest& request) {
  return channel_->Call(&v1::Admin::Stub::StartRollout, request);
}

absl::StatusOr<v1::RolloutStatus> AdminClient::GetRollout(
    const std::string& model) {
  v1::GetRolloutRequest request;
  request.set_model(model);
  return channel_->Call(&v1::Admin::Stub::GetRollout, request);
}

absl::StatusOr<v1::RolloutStatus> AdminClient::RevertRollout(
    const std::string& model) {
  v1::GetRolloutRequest request;
  request.set_model(model);
  return channel_->Call(&v1::Admin::Stub::RevertRollout, request);
}

absl::StatusOr<v1::RolloutStatus> AdminClient::SetRelease(
    const v1::SetReleaseRequest& request) {
  return channel_->Call(&v1::Admin::Stub::SetRelease, request);
}

}  // namespace sotto::tools
