// An assignment is the coordinator's word that a round exists and starts from
// which model. What it says is checked against signed metadata later; first,
// that the coordinator said it.

#ifndef SOTTO_CLIENT_POLICY_ASSIGNMENT_CHECK_H_
#define SOTTO_CLIENT_POLICY_ASSIGNMENT_CHECK_H_

#include "absl/status/status.h"
#include "base/bytes.h"
#include "crypto/sign.h"
#include "proto/messages/plan.pb.h"
#include "proto/rpc/federation.pb.h"

namespace sotto::client {

// base/codec "sotto/assignment/v1" and fields 1 to 10 of the message in order.
Bytes AssignmentSignedBytes(const v1::Assignment& assignment);

// INVALID_ARGUMENT: a hash or id has another length than 32 or 16 bytes.
// PERMISSION_DENIED: the signature is not that of the pinned coordinator key.
absl::Status CheckAssignment(const v1::Assignment& assignment,
                             const crypto::PublicKey& coordinator);

// PERMISSION_DENIED: the signed plan target has another hash than the
// assignment names, or the opened checkpoint is another model.
absl::Status CheckPlanBytes(const v1::Assignment& assignment, ByteView plan);
absl::Status CheckCheckpoint(const v1::Assignment& assignment,
                             ByteView weights);

// PERMISSION_DENIED: the plan is for another task or another model family, or
// trains another architecture than the installed one.
absl::Status CheckPlan(const v1::Plan& plan, const std::string& task,
                       const std::string& model, ByteView architecture_hash);

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_POLICY_ASSIGNMENT_CHECK_H_
