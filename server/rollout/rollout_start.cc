// How a rollout begins: checks against the signed policy, and the salt.

#include "base/status.h"
#include "model_store/rollout/assignment.h"
#include "model_store/rollout/policy.h"
#include "nlohmann/json.hpp"
#include "server/rollout/controller.h"

namespace sotto::server {

using model_store::RolloutDocument;
using model_store::RolloutState;

namespace {

constexpr std::uint32_t kAll = 10000;
constexpr std::size_t kSaltBytes = 16;

absl::Status Bad(const std::string& field, const std::string& wants) {
  return absl::InvalidArgumentError(
      absl::StrFormat("rollout: %s: wants %s", field, wants));
}

absl::Status CheckRequest(const v1::StartRolloutRequest& request) {
  if (request.model().empty()) return Bad("model", "a family");
  if (request.control_release() == request.treatment_release()) {
    return Bad("treatment_release", "another release than the control");
  }
  std::uint32_t before = 0;
  for (const std::uint32_t step : request.steps_bp()) {
    if (step <= before || step > kAll) {
      return Bad("steps_bp", "shares that grow, of 1 to 10000");
    }
    before = step;
  }
  if (before != kAll) {
    return Bad("steps_bp",
               "10000 as the last, so that all devices are offered "
               "what is promoted");
  }
  if (request.guardrails().empty()) {
    return Bad("guardrails", "at least one: a rollout is judged by them");
  }
  for (const v1::StartRolloutRequest::Guardrail& g : request.guardrails()) {
    if (g.metric().empty()) return Bad("guardrail.metric", "a name");
    if (!(g.alpha() > 0 && g.alpha() < 0.5)) {
      return Bad("guardrail.alpha", "a number in (0, 0.5)");
    }
    if (!(g.expected_sample() > 0)) {
      return Bad("guardrail.expected_sample", "a number above 0");
    }
  }
  if (!request.condition_json().empty() &&
      !nlohmann::json::parse(request.condition_json(), nullptr, false)
           .is_object()) {
    return Bad("condition_json", "a JSON object");
  }
  return absl::OkStatus();
}

// Devices refuse rules that break the policy; better to say so now.
absl::Status CheckPolicy(const v1::StartRolloutRequest& request,
                         const model_store::RolloutPolicy& policy) {
  std::uint32_t before = 0;
  for (const std::uint32_t step : request.steps_bp()) {
    if (step - before > policy.max_step_bp) {
      return absl::FailedPreconditionError(absl::StrFormat(
          "rollout: the step from %d to %d of 10000 breaks policy '%s', which "
          "allows %d at once; add steps between",
          before, step, request.policy(), policy.max_step_bp));
    }
    before = step;
  }
  if (static_cast<std::int64_t>(request.dwell_ms()) < policy.min_dwell_ms) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "rollout: a dwell of %d ms breaks policy '%s', which wants %d ms",
        request.dwell_ms(), request.policy(), policy.min_dwell_ms));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> RolloutController::DrawSalt(
    const v1::StartRolloutRequest& request, RolloutDocument document,
    const Fleet& fleet) {
  const std::uint32_t wanted = request.min_devices_per_arm();
  std::uint32_t best = 0;
  for (int draw = 0; draw < kMaxSalts; ++draw) {
    Bytes salt(kSaltBytes);
    parts_.rng.Fill(salt);
    document.salt = HexEncode(salt);
    // Later steps only add devices, so the first step is the tightest.
    document.step_bp = request.steps_bp(0);
    std::map<std::string, std::uint32_t> count;
    for (const Bytes& device : fleet.devices) {
      SOTTO_ASSIGN_OR_RETURN(const model_store::Assignment assigned,
                             model_store::Assign(document, HexEncode(device),
                                                 fleet.attributes.at(device)));
      ++count[assigned.arm];
    }
    const std::uint32_t least = std::min(count[kControl], count[kTreatment]);
    if (least >= wanted) return document.salt;
    best = std::max(best, least);
  }
  return absl::FailedPreconditionError(absl::StrFormat(
      "rollout: %d devices are enrolled; no salt of %d puts %d of them in each "
      "arm of the %.2f %% step, at best %d. Ask for fewer, or widen the step",
      fleet.devices.size(), kMaxSalts, wanted, request.steps_bp(0) / 100.0,
      best));
}

absl::StatusOr<v1::RolloutStatus> RolloutController::StartRollout(
    const v1::StartRolloutRequest& request) {
  SOTTO_RETURN_IF_ERROR(CheckRequest(request));
  const std::string& model = request.model();
  const auto found = rollouts_.find(model);
  if (found == rollouts_.end()) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "model '%s' has no rules yet; give it a first release with `sotto "
        "rollout release`",
        model));
  }
  const RolloutRecord& current = found->second;
  if (current.document.state == RolloutState::kRunning ||
      current.document.state == RolloutState::kHeld ||
      current.status.state() == "reverting") {
    return absl::FailedPreconditionError(absl::StrFormat(
        "model '%s': a rollout is %s; wait for its end or revert it", model,
        current.status.state()));
  }
  if (current.document.base_release != request.control_release()) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "model '%s': devices run release %d, so it is the control, not %d",
        model, current.document.base_release, request.control_release()));
  }
  for (const std::uint64_t release :
       {request.control_release(), request.treatment_release()}) {
    SOTTO_ASSIGN_OR_RETURN(const bool published,
                           parts_.publisher.HasRelease(model, release));
    if (!published) {
      return absl::NotFoundError(absl::StrFormat(
          "model '%s': release %d is not published", model, release));
    }
  }
  SOTTO_ASSIGN_OR_RETURN(const Bytes policy_bytes,
                         parts_.publisher.ReadTarget(request.policy()));
  SOTTO_ASSIGN_OR_RETURN(const model_store::RolloutPolicy policy,
                         model_store::ParseRolloutPolicy(policy_bytes));
  SOTTO_RETURN_IF_ERROR(CheckPolicy(request, policy));

  RolloutRecord next;
  next.request = request;
  next.document = NextDocument(current.document);
  RolloutDocument& document = next.document;
  document.state = RolloutState::kRunning;
  document.policy_ref = request.policy();
  document.condition = request.condition_json();
  document.started_ms = document.signed_at_ms;
  // Anchored: an arm starts where full coverage would start it.
  document.arms = {{.name = kControl,
                    .release = request.control_release(),
                    .start_bp = 0,
                    .width_bp = kAll / 2},
                   {.name = kTreatment,
                    .release = request.treatment_release(),
                    .start_bp = kAll / 2,
                    .width_bp = kAll / 2}};
  document.step_bp = request.steps_bp(0);
  SOTTO_ASSIGN_OR_RETURN(const Fleet fleet, LoadFleet());
  SOTTO_ASSIGN_OR_RETURN(document.salt, DrawSalt(request, document, fleet));
  next.start_seq = document.seq;
  next.status.set_state("running");
  BeginStep(next);
  SOTTO_RETURN_IF_ERROR(Commit(std::move(next)));
  return rollouts_[model].status;
}

}  // namespace sotto::server
