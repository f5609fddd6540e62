#include "client/policy/assignment_check.h"

#include <algorithm>

#include "base/codec.h"
#include "base/status.h"
#include "crypto/sha2.h"

namespace sotto::client {

Bytes AssignmentSignedBytes(const v1::Assignment& assignment) {
  return Encoder("sotto/assignment/v1")
      .Text(assignment.task())
      .U64(assignment.round())
      .Octets(assignment.round_id())
      .Text(assignment.plan_target())
      .Octets(assignment.plan_hash())
      .Octets(assignment.model_hash())
      .Octets(assignment.previous_model_hash())
      .Octets(assignment.checkpoint_digest())
      .U64(assignment.checkpoint_bytes())
      .I64(assignment.deadline_ms())
      .bytes();
}

absl::Status CheckAssignment(const v1::Assignment& assignment,
                             const crypto::PublicKey& coordinator) {
  const std::string name =
      absl::StrFormat("assignment to task '%s' round %d", assignment.task(),
                      assignment.round());
  const auto is_hash = [](const std::string& bytes) {
    return bytes.size() == 32;
  };
  if (assignment.round_id().size() != 16 || !is_hash(assignment.plan_hash()) ||
      !is_hash(assignment.model_hash()) ||
      !is_hash(assignment.checkpoint_digest()) ||
      (!assignment.previous_model_hash().empty() &&
       !is_hash(assignment.previous_model_hash()))) {
    return absl::InvalidArgumentError(name +
                                      ": an id or a hash has the wrong length");
  }
  if (!crypto::Verify(coordinator, AssignmentSignedBytes(assignment),
                      AsBytes(assignment.signature()))
           .ok()) {
    return absl::PermissionDeniedError(
        name + ": the signature is not that of the pinned coordinator key; " +
        "the server is another one than the app expects, check "
        "'coordinator_public'");
  }
  return absl::OkStatus();
}

absl::Status CheckPlanBytes(const v1::Assignment& assignment, ByteView plan) {
  const crypto::Sha256Digest hash = crypto::Sha256(plan);
  if (std::ranges::equal(hash, AsBytes(assignment.plan_hash()))) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(absl::StrFormat(
      "plan '%s': the assignment names hash %s, the signed target is %s",
      assignment.plan_target(), HexEncode(assignment.plan_hash()),
      HexEncode(hash)));
}

absl::Status CheckCheckpoint(const v1::Assignment& assignment,
                             ByteView weights) {
  if (std::ranges::equal(crypto::Sha256(weights),
                         AsBytes(assignment.model_hash()))) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(absl::StrFormat(
      "checkpoint of task '%s' round %d: the weights are not those of the "
      "signed model hash %s",
      assignment.task(), assignment.round(),
      HexEncode(assignment.model_hash())));
}

absl::Status CheckPlan(const v1::Plan& plan, const std::string& task,
                       const std::string& model, ByteView architecture_hash) {
  if (plan.task() != task) {
    return absl::PermissionDeniedError(
        absl::StrFormat("the plan is for task '%s', the assignment for '%s'",
                        plan.task(), task));
  }
  if (plan.model() != model) {
    return absl::PermissionDeniedError(
        absl::StrFormat("plan '%s' trains model '%s', this device has '%s'",
                        plan.task(), plan.model(), model));
  }
  if (!std::ranges::equal(AsBytes(plan.architecture_hash()),
                          architecture_hash)) {
    return absl::PermissionDeniedError(absl::StrFormat(
        "plan '%s' trains architecture %s, the installed model is %s; update "
        "the model or the plan",
        plan.task(), HexEncode(plan.architecture_hash()),
        HexEncode(architecture_hash)));
  }
  return absl::OkStatus();
}

}  // namespace sotto::client
