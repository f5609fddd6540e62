#include "client/agent/agent.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "client/agent/enrolment.h"
#include "client/policy/work_conditions.h"
#include "client/storage/participation_ledger.h"

namespace sotto::client {
namespace {

constexpr char kTokenName[] = "token";
constexpr char kHttpUrlName[] = "http_url";
constexpr std::chrono::milliseconds kConditionsInterval{1000};

}  // namespace

absl::Status Agent::Recover() {
  AgentRecordStore store(parts_.database);
  SOTTO_ASSIGN_OR_RETURN(record_, store.Load());
  if (record_.state >= AgentState::kAssigned &&
      record_.state != AgentState::kDone) {
    parts_.events.Emit("abandoned", {{"task", record_.task},
                                     {"round", record_.round},
                                     {"state", AgentStateName(record_.state)}});
  }
  SOTTO_RETURN_IF_ERROR(Move(AgentState::kAsleep));
  SOTTO_ASSIGN_OR_RETURN(const auto token, parts_.database.Get(kTokenName));
  SOTTO_ASSIGN_OR_RETURN(const auto url, parts_.database.Get(kHttpUrlName));
  if (token && url) {
    parts_.coordinator.SetToken(ToString(*token));
    parts_.source.SetBase(ToString(*url));
  }
  return absl::OkStatus();
}

absl::Status Agent::Move(AgentState state) {
  AgentRecord next = record_;
  next.state = state;
  if (state == AgentState::kAsleep) next = AgentRecord();
  if (state != record_.state && !CanMove(record_.state, state)) {
    return absl::InternalError(
        absl::StrFormat("agent: no way from '%s' to '%s'",
                        AgentStateName(record_.state), AgentStateName(state)));
  }
  SOTTO_RETURN_IF_ERROR(AgentRecordStore(parts_.database).Save(next));
  record_ = std::move(next);
  return absl::OkStatus();
}

absl::Status Agent::Enroll() {
  const v1::EnrollRequest request =
      MakeEnrollRequest(parts_.identity, parts_.config.attributes,
                        parts_.clock.NowMillis(), parts_.rng);
  SOTTO_ASSIGN_OR_RETURN(const v1::EnrollReply reply,
                         parts_.coordinator.Enroll(request));
  parts_.coordinator.SetToken(reply.token());
  parts_.source.SetBase(reply.http_url());
  SOTTO_RETURN_IF_ERROR(
      parts_.database.Put(kTokenName, AsBytes(reply.token())));
  SOTTO_RETURN_IF_ERROR(
      parts_.database.Put(kHttpUrlName, AsBytes(reply.http_url())));
  enrolled_ = true;
  parts_.events.Emit(
      "enrolled",
      {{"device_id", HexEncode(parts_.identity.certificate.device_id)},
       {"http_url", reply.http_url()}});
  return absl::OkStatus();
}

absl::Status Agent::EnsureEnrolled() {
  return enrolled_ ? absl::OkStatus() : Enroll();
}

void Agent::Forget() { enrolled_ = false; }

absl::Status Agent::LoadCurrent() {
  SOTTO_ASSIGN_OR_RETURN(model_, parts_.opener.LoadActive());
  return absl::OkStatus();
}

absl::Status Agent::Update() {
  SOTTO_RETURN_IF_ERROR(EnsureEnrolled());
  absl::StatusOr<ModelState> state = parts_.updater.Refresh();
  if (!state.ok()) {
    // The files may have moved with a restart of the server.
    if (!absl::IsPermissionDenied(state.status())) Forget();
    return state.status();
  }
  state_ = *state;
  if (state->new_document) {
    parts_.events.Emit("arm", {{"arm", state->arm},
                               {"seq", state->rollout_seq},
                               {"release", state->release}});
  }
  if (state->switched || model_ == nullptr) {
    SOTTO_RETURN_IF_ERROR(LoadCurrent());
  }
  if (state->switched) {
    parts_.events.Emit(state->reverted ? "reverted" : "model",
                       {{"model", parts_.config.model},
                        {"release", state->release},
                        {"arm", state->arm},
                        {"seq", state->rollout_seq},
                        {"downloaded_bytes", state->downloaded_bytes},
                        {"locked_bytes", model_->report().locked_bytes},
                        {"dontdump", model_->report().dontdump}});
  }
  return absl::OkStatus();
}

Agent::Delay Agent::UpdateOnce() {
  absl::Status status = Update();
  if (status.ok()) status = EvaluateAndReport(*state_);
  if (absl::IsUnauthenticated(status)) Forget();
  if (parts_.interrupt.raised()) return Delay(0);
  if (!status.ok()) {
    parts_.events.EmitError("update", status);
    return update_retry_.AfterFailure(status.code());
  }
  update_retry_.Succeeded();
  return parts_.config.update_interval;
}

Agent::Delay Agent::RoundOnce() {
  const absl::Status allowed =
      CheckConditions(parts_.conditions.Read(), parts_.config.policy);
  if (!allowed.ok()) {
    if (waiting_for_ != allowed.message()) {
      waiting_for_ = std::string(allowed.message());
      parts_.events.Emit("waiting", {{"reason", waiting_for_}});
    }
    return kConditionsInterval;
  }
  waiting_for_.clear();
  v1::Assignment assignment;
  RetryWindow wait;
  const auto work = [&]() -> absl::Status {
    SOTTO_RETURN_IF_ERROR(EnsureEnrolled());
    SOTTO_RETURN_IF_ERROR(Move(AgentState::kEligible));
    SOTTO_ASSIGN_OR_RETURN(const bool assigned, CheckIn(&assignment, &wait));
    if (!assigned) return absl::OkStatus();
    SOTTO_ASSIGN_OR_RETURN(const v1::RoundOutcome outcome,
                           TakePart(assignment));
    SOTTO_RETURN_IF_ERROR(Move(AgentState::kDone));
    ++rounds_done_;
    parts_.events.Emit(
        "round", {{"task", assignment.task()},
                  {"round", assignment.round()},
                  {"outcome", v1::RoundOutcome::Kind_Name(outcome.kind())},
                  {"reason", outcome.reason()},
                  {"included", outcome.included()}});
    return absl::OkStatus();
  };
  absl::Status status = work();
  status.Update(Move(AgentState::kAsleep));
  if (parts_.interrupt.raised()) return Delay(0);
  if (absl::IsUnauthenticated(status)) Forget();
  if (!status.ok()) {
    parts_.events.EmitError("round", status);
    return round_retry_.AfterFailure(status.code());
  }
  return round_retry_.AfterServerWindow(wait);
}

void Agent::Run(std::uint32_t max_rounds) {
  rounds_done_ = 0;
  // What is installed works before, and without, the coordinator.
  if (model_ == nullptr && LoadCurrent().ok()) {
    parts_.events.Emit("loaded", {{"model", parts_.config.model},
                                  {"release", model_->release()}});
  }
  std::chrono::nanoseconds next_update = parts_.clock.Monotonic();
  std::chrono::nanoseconds next_round = next_update;
  while (!parts_.interrupt.raised() &&
         (max_rounds == 0 || rounds_done_ < max_rounds)) {
    if (parts_.clock.Monotonic() >= next_update) {
      const Delay delay = UpdateOnce();
      next_update = parts_.clock.Monotonic() + delay;
      continue;
    }
    const bool may_train = model_ != nullptr && examples_ != nullptr;
    if (may_train && parts_.clock.Monotonic() >= next_round) {
      const Delay delay = RoundOnce();
      next_round = parts_.clock.Monotonic() + delay;
      continue;
    }
    const auto until =
        may_train ? std::min(next_update, next_round) : next_update;
    parts_.interrupt.Sleep(
        std::chrono::ceil<Delay>(until - parts_.clock.Monotonic()));
  }
}

}  // namespace sotto::client
