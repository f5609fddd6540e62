#include "server/rpc/admin_service.h"

#include <algorithm>

#include "base/bytes.h"
#include "server/rpc/call_metadata.h"

namespace sotto::server {
namespace {

constexpr std::size_t kChunkBytes = 1 << 20;

}  // namespace

absl::Status AdminService::Check(const grpc::ServerContext& context) const {
  return coordinator_.CheckAdmin(MetadataOf(context, "sotto-admin-token-bin"));
}

template <typename Reply, typename Call>
grpc::Status AdminService::Run(const grpc::ServerContext& context, Reply* reply,
                               Call call) {
  const absl::Status allowed = Check(context);
  if (!allowed.ok()) return ToGrpcStatus(allowed);
  return Answer<Reply>(call(), reply);
}

grpc::Status AdminService::CreateTask(grpc::ServerContext* context,
                                      const v1::CreateTaskRequest* request,
                                      v1::CreateTaskReply* /*reply*/) {
  const absl::Status allowed = Check(*context);
  return ToGrpcStatus(allowed.ok() ? coordinator_.CreateTask(*request)
                                   : allowed);
}

grpc::Status AdminService::GetTask(grpc::ServerContext* context,
                                   const v1::GetTaskRequest* request,
                                   v1::TaskStatus* reply) {
  return Run(*context, reply,
             [&] { return coordinator_.GetTask(request->task()); });
}

grpc::Status AdminService::StopTask(grpc::ServerContext* context,
                                    const v1::GetTaskRequest* request,
                                    v1::TaskStatus* reply) {
  return Run(*context, reply,
             [&] { return coordinator_.StopTask(request->task()); });
}

grpc::Status AdminService::ExplainRound(grpc::ServerContext* context,
                                        const v1::ExplainRoundRequest* request,
                                        v1::RoundStatus* reply) {
  return Run(*context, reply, [&] {
    return coordinator_.ExplainRound(request->task(), request->round());
  });
}

grpc::Status AdminService::ExportCheckpoint(
    grpc::ServerContext* context, const v1::ExportCheckpointRequest* request,
    grpc::ServerWriter<v1::Chunk>* writer) {
  const absl::Status allowed = Check(*context);
  if (!allowed.ok()) return ToGrpcStatus(allowed);
  const auto weights =
      coordinator_.ExportCheckpoint(request->task(), request->round());
  if (!weights.ok()) return ToGrpcStatus(weights.status());
  for (std::size_t at = 0; at < weights->size(); at += kChunkBytes) {
    v1::Chunk chunk;
    chunk.set_data(weights->data() + at,
                   std::min(kChunkBytes, weights->size() - at));
    if (!writer->Write(chunk)) break;  // the caller has gone
  }
  return grpc::Status::OK;
}

grpc::Status AdminService::ListDevices(
    grpc::ServerContext* context, const v1::ListDevicesRequest* /*request*/,
    v1::ListDevicesReply* reply) {
  return Run(*context, reply, [&] { return coordinator_.ListDevices(); });
}

grpc::Status AdminService::RevokeDevice(grpc::ServerContext* context,
                                        const v1::RevokeDeviceRequest* request,
                                        v1::RevokeDeviceReply* /*reply*/) {
  const absl::Status allowed = Check(*context);
  return ToGrpcStatus(
      allowed.ok() ? coordinator_.RevokeDevice(AsBytes(request->device_id()),
                                               request->reason())
                   : allowed);
}

grpc::Status AdminService::StartRollout(grpc::ServerContext* context,
                                        const v1::StartRolloutRequest* request,
                                        v1::RolloutStatus* reply) {
  return Run(*context, reply,
             [&] { return coordinator_.StartRollout(*request); });
}

grpc::Status AdminService::GetRollout(grpc::ServerContext* context,
                                      const v1::GetRolloutRequest* request,
                                      v1::RolloutStatus* reply) {
  return Run(*context, reply,
             [&] { return coordinator_.GetRollout(request->model()); });
}

grpc::Status AdminService::RevertRollout(grpc::ServerContext* context,
                                         const v1::GetRolloutRequest* request,
                                         v1::RolloutStatus* reply) {
  return Run(*context, reply,
             [&] { return coordinator_.RevertRollout(request->model()); });
}

grpc::Status AdminService::SetRelease(grpc::ServerContext* context,
                                      const v1::SetReleaseRequest* request,
                                      v1::RolloutStatus* reply) {
  return Run(*context, reply,
             [&] { return coordinator_.SetRelease(*request); });
}

}  // namespace sotto::server
