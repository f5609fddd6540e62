#include "server/rpc/device_services.h"

#include "server/rpc/call_metadata.h"

namespace sotto::server {

grpc::Status EnrollmentService::Enroll(grpc::ServerContext* /*context*/,
                                       const v1::EnrollRequest* request,
                                       v1::EnrollReply* reply) {
  return Answer(coordinator_.Enroll(*request), reply);
}

grpc::Status FederationService::CheckIn(grpc::ServerContext* context,
                                        const v1::CheckInRequest* request,
                                        v1::CheckInReply* reply) {
  return Answer(coordinator_.CheckIn(TokenOf(*context), *request), reply);
}

grpc::Status FederationService::Step(grpc::ServerContext* context,
                                     const v1::StepRequest* request,
                                     v1::StepReply* reply) {
  return Answer(coordinator_.Step(TokenOf(*context), *request), reply);
}

grpc::Status GrantsService::GetGrant(grpc::ServerContext* context,
                                     const v1::GetGrantRequest* request,
                                     v1::GetGrantReply* reply) {
  return Answer(coordinator_.GetGrant(TokenOf(*context), *request), reply);
}

grpc::Status TelemetryService::Report(grpc::ServerContext* context,
                                      const v1::ReportRequest* request,
                                      v1::ReportReply* reply) {
  return Answer(coordinator_.Report(TokenOf(*context), *request), reply);
}

}  // namespace sotto::server
