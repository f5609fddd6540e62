#include "server/rollout/controller.h"

#include "base/log.h"
#include "base/status.h"
#include "crypto/sha2.h"
#include "model_store/rollout/assignment.h"
#include "model_store/rollout/policy.h"

namespace sotto::server {

using model_store::RolloutDocument;
using model_store::RolloutState;

namespace {

bool IsOpen(const RolloutRecord& record) {
  return record.document.state == RolloutState::kRunning ||
         record.document.state == RolloutState::kHeld;
}

}  // namespace

std::string AppOf(const std::string& app, const std::string& model) {
  return app.empty() ? model.substr(0, model.find('/')) : app;
}

absl::Status RolloutController::Start() {
  SOTTO_ASSIGN_OR_RETURN(const std::vector<Bytes> records,
                         parts_.store.ListRollouts());
  for (const Bytes& bytes : records) {
    SOTTO_ASSIGN_OR_RETURN(RolloutRecord record, DecodeRecord(bytes));
    SOTTO_RETURN_IF_ERROR(parts_.publisher.PublishRules(
        record.document.app, EncodeRollout(record.document)));
    const std::string model = record.document.model;
    dirty_[model] = true;
    rollouts_[model] = std::move(record);
  }
  return absl::OkStatus();
}

absl::StatusOr<RolloutController::Fleet> RolloutController::LoadFleet() {
  SOTTO_ASSIGN_OR_RETURN(const std::vector<DeviceRecord> records,
                         parts_.store.ListDevices());
  Fleet fleet;
  for (const DeviceRecord& record : records) {
    if (record.revoked) continue;
    fleet.devices.push_back(record.device_id);
    fleet.attributes[record.device_id] = record.attributes_json;
  }
  return fleet;
}

RolloutDocument RolloutController::NextDocument(
    const RolloutDocument& previous) const {
  RolloutDocument next = previous;
  const auto digest = crypto::Sha256(model_store::EncodeRollout(previous));
  next.seq = previous.seq + 1;
  next.prev_digest.assign(digest.begin(), digest.end());
  next.signed_at_ms = std::max(parts_.clock.NowMillis(), previous.signed_at_ms);
  return next;
}

absl::Status RolloutController::Commit(RolloutRecord record) {
  const RolloutDocument& document = record.document;
  record.status.set_model(document.model);
  record.status.set_seq(document.seq);
  record.status.set_step_bp(document.step_bp);
  record.status.set_active_release(document.base_release);
  SOTTO_RETURN_IF_ERROR(
      parts_.store.PutRollout(document.model, EncodeRecord(record)));
  const std::string model = document.model;
  dirty_[model] = true;
  rollouts_[model] = std::move(record);
  unsigned_.insert(model);
  const RolloutDocument& kept = rollouts_[model].document;
  LogInfo("rollout", "model=%s seq=%d state=%s step_bp=%d", model, kept.seq,
          rollouts_[model].status.state(), kept.step_bp);
  return SignRules(model);
}

absl::Status RolloutController::SignRules(const std::string& model) {
  const RolloutDocument& document = rollouts_[model].document;
  SOTTO_RETURN_IF_ERROR(
      parts_.publisher.PublishRules(document.app, EncodeRollout(document)));
  unsigned_.erase(model);
  return absl::OkStatus();
}

absl::StatusOr<v1::RolloutStatus> RolloutController::Get(
    const std::string& model) {
  const auto found = rollouts_.find(model);
  if (found == rollouts_.end()) {
    return absl::NotFoundError(absl::StrFormat(
        "model '%s' has no rules yet; see `sotto rollout release`", model));
  }
  return found->second.status;
}

absl::StatusOr<v1::RolloutStatus> RolloutController::SetRelease(
    const v1::SetReleaseRequest& request) {
  const std::string& model = request.model();
  const auto found = rollouts_.find(model);
  if (found != rollouts_.end()) {
    if (!IsOpen(found->second) &&
        found->second.document.base_release == request.release()) {
      return found->second.status;  // a repetition
    }
    return absl::FailedPreconditionError(absl::StrFormat(
        "model '%s' has rules (document %d, release %d); devices accept "
        "another "
        "release through a rollout only: see `sotto rollout start`",
        model, found->second.document.seq,
        found->second.document.base_release));
  }
  SOTTO_ASSIGN_OR_RETURN(const bool published,
                         parts_.publisher.HasRelease(model, request.release()));
  if (!published) {
    return absl::NotFoundError(absl::StrFormat(
        "model '%s': release %d is not published", model, request.release()));
  }
  RolloutRecord record;
  record.document.app = AppOf(request.app(), model);
  record.document.model = model;
  record.document.seq = 1;
  record.document.state = RolloutState::kDone;
  record.document.policy_ref = request.policy();
  record.document.base_release = request.release();
  record.document.started_ms = parts_.clock.NowMillis();
  record.document.signed_at_ms = record.document.started_ms;
  record.status.set_state("done");
  SOTTO_RETURN_IF_ERROR(Commit(std::move(record)));
  return rollouts_[model].status;
}

absl::Status RolloutController::Report(const DeviceRecord& device,
                                       const v1::ReportRequest& request) {
  SOTTO_RETURN_IF_ERROR(CheckReport(request));
  const auto found = rollouts_.find(request.model());
  if (found == rollouts_.end()) {
    return absl::NotFoundError(absl::StrFormat(
        "report: model '%s' has no rules here", request.model()));
  }
  const RolloutDocument& document = found->second.document;
  // Else it would be evidence for steps that have not begun.
  if (request.rollout_seq() > document.seq) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "report: it follows rules %d of model '%s', the newest are %d",
        request.rollout_seq(), request.model(), document.seq));
  }
  std::string arm;
  // Never the device's word: the arm is computed from the rules again.
  const auto assigned = model_store::Assign(
      document, HexEncode(device.device_id), device.attributes_json);
  if (assigned.ok()) arm = assigned->arm;
  SOTTO_ASSIGN_OR_RETURN(
      const bool fresh,
      parts_.store.PutReport({.report_id = ToBytes(request.report_id()),
                              .device_id = device.device_id,
                              .model = request.model(),
                              .seq = request.rollout_seq(),
                              .arm = arm,
                              .release = request.release_counter(),
                              .model_bytes = request.model_bytes_downloaded(),
                              .at_ms = parts_.clock.NowMillis(),
                              .body = ToBytes(request.SerializeAsString())}));
  if (fresh) dirty_[request.model()] = true;
  return absl::OkStatus();
}

absl::StatusOr<StepData> RolloutController::CollectStep(
    const RolloutRecord& record) {
  SOTTO_ASSIGN_OR_RETURN(const Fleet fleet, LoadFleet());
  SOTTO_ASSIGN_OR_RETURN(
      const std::vector<ReportRecord> reports,
      parts_.store.ListReports(record.document.model, record.start_seq));
  std::map<Bytes, std::string> arms;
  for (const Bytes& device : fleet.devices) {
    SOTTO_ASSIGN_OR_RETURN(
        const model_store::Assignment assigned,
        model_store::Assign(record.document, HexEncode(device),
                            fleet.attributes.at(device)));
    arms[device] = assigned.arm;
  }
  return Collect(record, fleet.devices, reports, [&](const Bytes& device) {
    const auto found = arms.find(device);
    return found == arms.end() ? std::string() : found->second;
  });
}

void RolloutController::BeginStep(RolloutRecord& record) {
  record.step_started_ms = record.document.signed_at_ms;
  v1::RolloutStatus::Step& step = *record.status.add_steps();
  step.set_step_bp(record.document.step_bp);
  step.set_evidence("NO_DATA: no device has reported yet");
}

void RolloutController::EndStep(RolloutRecord& record, Verdict verdict) const {
  v1::RolloutStatus::Step& step =
      *record.status.mutable_steps(record.status.steps_size() - 1);
  step.set_verdict(VerdictName(verdict));
  step.set_seconds(
      static_cast<double>(parts_.clock.NowMillis() - record.step_started_ms) /
      1000);
}

absl::Status RolloutController::StartRevert(RolloutRecord record,
                                            const std::string& reason) {
  record.document = NextDocument(record.document);
  record.document.state = RolloutState::kReverting;
  record.document.base_release = record.request.control_release();
  record.revert_seq = record.document.seq;
  record.step_started_ms = record.document.signed_at_ms;
  record.status.set_state("reverting");
  record.status.set_reason(reason);
  LogWarning("rollout", "model=%s reverts: %s", record.document.model, reason);
  return Commit(std::move(record));
}

absl::StatusOr<v1::RolloutStatus> RolloutController::Revert(
    const std::string& model, const std::string& reason) {
  const auto found = rollouts_.find(model);
  if (found == rollouts_.end() || !IsOpen(found->second)) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "model '%s': no rollout runs, so there is nothing to revert", model));
  }
  RolloutRecord record = found->second;
  v1::RolloutStatus::Step& step =
      *record.status.mutable_steps(record.status.steps_size() - 1);
  if (step.verdict().empty()) EndStep(record, Verdict::kInconclusive);
  SOTTO_RETURN_IF_ERROR(StartRevert(std::move(record), reason));
  return rollouts_[model].status;
}

absl::Status RolloutController::Observe(RolloutRecord& record) {
  SOTTO_ASSIGN_OR_RETURN(const StepData data, CollectStep(record));
  const Evaluation evaluation = Evaluate(record, data);
  v1::RolloutStatus::Step& step =
      *record.status.mutable_steps(record.status.steps_size() - 1);
  FillArms(data, step);
  step.set_evidence(evaluation.evidence);
  step.set_seconds(
      static_cast<double>(parts_.clock.NowMillis() - record.step_started_ms) /
      1000);
  switch (evaluation.verdict) {
    case Verdict::kNoData:
    case Verdict::kInconclusive:
      step.set_evidence(VerdictName(evaluation.verdict) + ": " +
                        evaluation.evidence);
      return absl::OkStatus();
    case Verdict::kFail: {
      RolloutRecord next = record;
      EndStep(next, Verdict::kFail);
      return StartRevert(std::move(next), "guardrail: " + evaluation.evidence);
    }
    case Verdict::kSrm: {
      RolloutRecord next = record;
      EndStep(next, Verdict::kSrm);
      next.document = NextDocument(next.document);
      next.document.state = RolloutState::kHeld;
      next.status.set_state("held");
      next.status.set_reason("sample ratio mismatch: " + evaluation.evidence);
      return Commit(std::move(next));
    }
    case Verdict::kPass:
      break;
  }
  if (parts_.clock.NowMillis() - record.step_started_ms <
      static_cast<std::int64_t>(record.request.dwell_ms())) {
    step.set_evidence("PASS so far, dwelling: " + evaluation.evidence);
    return absl::OkStatus();
  }
  RolloutRecord next = record;
  EndStep(next, Verdict::kPass);
  next.document = NextDocument(next.document);
  ++next.step_index;
  if (next.step_index <
      static_cast<std::uint32_t>(next.request.steps_bp_size())) {
    next.document.step_bp =
        next.request.steps_bp(static_cast<int>(next.step_index));
    BeginStep(next);
  } else {
    next.document.state = RolloutState::kDone;
    next.document.base_release = next.request.treatment_release();
    next.status.set_state("done");
  }
  return Commit(std::move(next));
}

absl::Status RolloutController::ObserveRevert(RolloutRecord& record) {
  SOTTO_ASSIGN_OR_RETURN(const std::vector<ReportRecord> reports,
                         parts_.store.ListReports(record.document.model, 0));
  const RevertTally tally = TallyRevert(record, reports);
  record.status.set_devices_reverted(tally.reverted);
  record.status.set_revert_bytes(tally.model_bytes);
  const bool waited =
      parts_.clock.NowMillis() - record.step_started_ms >= kRevertPatienceMs;
  if (tally.reverted < tally.treated && !waited) return absl::OkStatus();
  RolloutRecord next = record;
  next.status.set_state("reverted");
  return Commit(std::move(next));
}

absl::Status RolloutController::Tick() {
  absl::Status first;
  for (auto& [model, record] : rollouts_) {
    // Devices follow what is signed; nothing may move before they can see it.
    if (unsigned_.contains(model)) {
      const absl::Status status = SignRules(model);
      if (!status.ok()) {
        if (first.ok()) first = status;
        continue;
      }
    }
    const bool running = record.status.state() == "running";
    const bool reverting = record.status.state() == "reverting";
    if (!running && !reverting) continue;
    // Without a new report only the clock can change the verdict's effect.
    const std::int64_t patience =
        reverting ? kRevertPatienceMs
                  : static_cast<std::int64_t>(record.request.dwell_ms());
    const bool due =
        parts_.clock.NowMillis() - record.step_started_ms >= patience &&
        due_seen_[model] != record.document.seq;
    if (!dirty_[model] && !due) continue;
    if (due) due_seen_[model] = record.document.seq;
    dirty_[model] = false;
    const absl::Status status =
        running ? Observe(record) : ObserveRevert(record);
    if (status.ok()) continue;
    dirty_[model] = true;  // nothing was decided: once more
    if (first.ok()) first = status;
  }
  return first;
}

}  // namespace sotto::server
