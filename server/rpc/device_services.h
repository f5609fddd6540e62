// Enrollment, Federation, Grants and Telemetry as gRPC sees them.

#ifndef SOTTO_SERVER_RPC_DEVICE_SERVICES_H_
#define SOTTO_SERVER_RPC_DEVICE_SERVICES_H_

#include "proto/rpc/enrollment.grpc.pb.h"
#include "proto/rpc/federation.grpc.pb.h"
#include "proto/rpc/grants.grpc.pb.h"
#include "proto/rpc/telemetry.grpc.pb.h"
#include "server/coordinator.h"

namespace sotto::server {

class EnrollmentService final : public v1::Enrollment::Service {
 public:
  explicit EnrollmentService(Coordinator& coordinator)
      : coordinator_(coordinator) {}
  grpc::Status Enroll(grpc::ServerContext* context,
                      const v1::EnrollRequest* request,
                      v1::EnrollReply* reply) override;

 private:
  Coordinator& coordinator_;
};

class FederationService final : public v1::Federation::Service {
 public:
  explicit FederationService(Coordinator& coordinator)
      : coordinator_(coordinator) {}
  grpc::Status CheckIn(grpc::ServerContext* context,
                       const v1::CheckInRequest* request,
                       v1::CheckInReply* reply) override;
  grpc::Status Step(grpc::ServerContext* context,
                    const v1::StepRequest* request,
                    v1::StepReply* reply) override;

 private:
  Coordinator& coordinator_;
};

class GrantsService final : public v1::Grants::Service {
 public:
  explicit GrantsService(Coordinator& coordinator)
      : coordinator_(coordinator) {}
  grpc::Status GetGrant(grpc::ServerContext* context,
                        const v1::GetGrantRequest* request,
                        v1::GetGrantReply* reply) override;

 private:
  Coordinator& coordinator_;
};

class TelemetryService final : public v1::Telemetry::Service {
 public:
  explicit TelemetryService(Coordinator& coordinator)
      : coordinator_(coordinator) {}
  grpc::Status Report(grpc::ServerContext* context,
                      const v1::ReportRequest* request,
                      v1::ReportReply* reply) override;

 private:
  Coordinator& coordinator_;
};

}  // namespace sotto::server

#endif  // SOTTO_SERVER_RPC_DEVICE_SERVICES_H_
