// What the agent asks of the coordinator, without saying how it travels. Every
// call is idempotent and may be repeated.
//
// Statuses are the coordinator's own, and: UNAVAILABLE: no connection; try
// again. DEADLINE_EXCEEDED: no answer in time. CANCELLED: CancelCalls.
// UNAUTHENTICATED: the token is unknown or expired; enrol again.

#ifndef SOTTO_CLIENT_TRANSPORT_COORDINATOR_H_
#define SOTTO_CLIENT_TRANSPORT_COORDINATOR_H_

#include <string>

#include "absl/status/statusor.h"
#include "proto/rpc/enrollment.pb.h"
#include "proto/rpc/federation.pb.h"
#include "proto/rpc/grants.pb.h"
#include "proto/rpc/telemetry.pb.h"

namespace sotto::client {

class Coordinator {
 public:
  virtual ~Coordinator() = default;

  // Sent with every call but Enroll, from now on.
  virtual void SetToken(const std::string& token) = 0;

  virtual absl::StatusOr<v1::EnrollReply> Enroll(
      const v1::EnrollRequest& request) = 0;
  virtual absl::StatusOr<v1::CheckInReply> CheckIn(
      const v1::CheckInRequest& request) = 0;
  virtual absl::StatusOr<v1::StepReply> Step(
      const v1::StepRequest& request) = 0;
  virtual absl::StatusOr<v1::GetGrantReply> GetGrant(
      const v1::GetGrantRequest& request) = 0;
  virtual absl::StatusOr<v1::ReportReply> Report(
      const v1::ReportRequest& request) = 0;

  // Makes running and later calls return CANCELLED, until ResumeCalls. May be
  // called from any thread.
  virtual void CancelCalls() = 0;
  virtual void ResumeCalls() = 0;
};

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_TRANSPORT_COORDINATOR_H_
