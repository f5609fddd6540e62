// The Admin service as gRPC sees it. Every call carries the admin token.

#ifndef SOTTO_SERVER_RPC_ADMIN_SERVICE_H_
#define SOTTO_SERVER_RPC_ADMIN_SERVICE_H_

#include "proto/rpc/admin.grpc.pb.h"
#include "server/coordinator.h"

namespace sotto::server {

class AdminService final : public v1::Admin::Service {
 public:
  explicit AdminService(Coordinator& coordinator) : coordinator_(coordinator) {}

  grpc::Status CreateTask(grpc::ServerContext* context,
                          const v1::CreateTaskRequest* request,
                          v1::CreateTaskReply* reply) override;
  grpc::Status GetTask(grpc::ServerContext* context,
                       const v1::GetTaskRequest* request,
                       v1::TaskStatus* reply) override;
  grpc::Status StopTask(grpc::ServerContext* context,
                        const v1::GetTaskRequest* request,
                        v1::TaskStatus* reply) override;
  grpc::Status ExplainRound(grpc::ServerContext* context,
                            const v1::ExplainRoundRequest* request,
                            v1::RoundStatus* reply) override;
  grpc::Status ExportCheckpoint(grpc::ServerContext* context,
                                const v1::ExportCheckpointRequest* request,
                                grpc::ServerWriter<v1::Chunk>* writer) override;
  grpc::Status ListDevices(grpc::ServerContext* context,
                           const v1::ListDevicesRequest* request,
                           v1::ListDevicesReply* reply) override;
  grpc::Status RevokeDevice(grpc::ServerContext* context,
                            const v1::RevokeDeviceRequest* request,
                            v1::RevokeDeviceReply* reply) override;
  grpc::Status StartRollout(grpc::ServerContext* context,
                            const v1::StartRolloutRequest* request,
                            v1::RolloutStatus* reply) override;
  grpc::Status GetRollout(grpc::ServerContext* context,
                          const v1::GetRolloutRequest* request,
                          v1::RolloutStatus* reply) override;
  grpc::Status RevertRollout(grpc::ServerContext* context,
                             const v1::GetRolloutRequest* request,
                             v1::RolloutStatus* reply) override;
  grpc::Status SetRelease(grpc::ServerContext* context,
                          const v1::SetReleaseRequest* request,
                          v1::RolloutStatus* reply) override;

 private:
  absl::Status Check(const grpc::ServerContext& context) const;
  // Runs `call` for the operator only.
  template <typename Reply, typename Call>
  grpc::Status Run(const grpc::ServerContext& context, Reply* reply, Call call);

  Coordinator& coordinator_;
};

}  // namespace sotto::server

#endif  // SOTTO_SERVER_RPC_ADMIN_SERVICE_H_
