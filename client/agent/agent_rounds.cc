// The agent's part that evaluates, checks in and takes part in rounds.

#include <bit>
#include <cstring>
#include <utility>

#include "base/status.h"
#include "client/agent/agent.h"
#include "client/agent/condition_watch.h"
#include "client/agent/local_training.h"
#include "client/agent/round_session.h"
#include "client/policy/assignment_check.h"
#include "client/policy/privacy_budget.h"
#include "client/storage/participation_ledger.h"
#include "client/storage/privacy_ledger.h"
#include "client/storage/report_ledger.h"
#include "client/storage/sqlite_decision_log.h"
#include "crypto/secret.h"

namespace sotto::client {
namespace {

constexpr std::uint64_t kMaxPlanBytes = 1 << 20;

// What training made of the person's examples is not left in freed memory.
struct WipedUpdate {
  LocalResult& result;
  ~WipedUpdate() {
    std::vector<float>& update = result.update;
    crypto::Wipe({reinterpret_cast<std::uint8_t*>(update.data()),
                  update.size() * sizeof(float)});
  }
};

// Raw little-endian f32.
absl::StatusOr<std::vector<float>> ParseWeights(ByteView bytes,
                                                std::size_t count) {
  if (bytes.size() != count * sizeof(float)) {
    return absl::DataLossError(
        absl::StrFormat("the checkpoint has %d bytes, the model has %d weights",
                        bytes.size(), count));
  }
  std::vector<float> weights(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t bits = 0;
    for (std::size_t b = 0; b < 4; ++b) {
      bits |= std::uint32_t{bytes[4 * i + b]} << (8 * b);
    }
    weights[i] = std::bit_cast<float>(bits);
  }
  return weights;
}

}  // namespace

absl::Status Agent::EvaluateAndReport(const ModelState& state) {
  ReportLedger ledger(parts_.database);
  const std::string& family = parts_.config.model;
  SOTTO_ASSIGN_OR_RETURN(
      const auto report_id,
      ledger.Begin(family, state.rollout_seq, state.release, parts_.rng));
  if (!report_id.has_value()) return absl::OkStatus();
  v1::ReportRequest request;
  request.set_report_id(ToString(*report_id));
  request.set_model(family);
  request.set_rollout_seq(state.rollout_seq);
  request.set_arm(state.arm);
  request.set_release_counter(state.release);
  request.set_model_bytes_downloaded(state.downloaded_bytes);
  if (evaluation_ != nullptr && evaluation_->size() > 0) {
    SOTTO_ASSIGN_OR_RETURN(const ModelQuality quality,
                           MeasureModel(model_->graph(), *evaluation_));
    const auto errors = static_cast<double>(quality.count - quality.correct);
    v1::ReportRequest::Metric& metric = *request.add_metrics();
    metric.set_name("error_rate");
    metric.set_count(quality.count);
    metric.set_sum(errors);
    metric.set_sum_squares(errors);
    parts_.events.Emit(
        "evaluated",
        {{"release", state.release},
         {"arm", state.arm},
         {"seq", state.rollout_seq},
         {"count", quality.count},
         {"correct", quality.correct},
         {"accuracy", quality.count == 0
                          ? 0.0
                          : static_cast<double>(quality.correct) /
                                static_cast<double>(quality.count)}});
  }
  SOTTO_RETURN_IF_ERROR(parts_.coordinator.Report(request).status());
  return ledger.MarkSent(family, state.rollout_seq, state.release);
}

absl::StatusOr<bool> Agent::CheckIn(v1::Assignment* assignment,
                                    RetryWindow* wait) {
  v1::CheckInRequest request;
  request.set_population(parts_.config.population);
  request.add_models(parts_.config.model);
  // A class of sizes, so that the count itself stays here.
  request.set_examples(std::bit_floor(static_cast<std::uint32_t>(
      std::min<std::size_t>(examples_->size(), UINT32_MAX))));
  SOTTO_ASSIGN_OR_RETURN(const v1::CheckInReply reply,
                         parts_.coordinator.CheckIn(request));
  SOTTO_RETURN_IF_ERROR(Move(AgentState::kCheckedIn));
  *wait = {std::chrono::milliseconds(reply.wait().min_ms()),
           std::chrono::milliseconds(reply.wait().max_ms())};
  if (!reply.has_assignment()) return false;
  *assignment = reply.assignment();
  SOTTO_RETURN_IF_ERROR(CheckAssignment(*assignment, parts_.coordinator_key));
  SOTTO_ASSIGN_OR_RETURN(
      const std::uint64_t joined,
      ParticipationLedger(parts_.database).LastJoined(assignment->task()));
  if (assignment->round() <= joined ||
      ToBytes(assignment->round_id()) == diverged_round_) {
    // A round that this device left; it ends without it.
    const Delay delay =
        left_round_retry_.AfterFailure(absl::StatusCode::kUnavailable);
    *wait = {delay, delay};
    return false;
  }
  left_round_retry_.Succeeded();
  SOTTO_RETURN_IF_ERROR(
      ParticipationLedger(parts_.database)
          .CheckSuccessor(assignment->task(), assignment->round(),
                          AsBytes(assignment->previous_model_hash())));
  record_.task = assignment->task();
  record_.round = assignment->round();
  record_.round_id = ToBytes(assignment->round_id());
  SOTTO_RETURN_IF_ERROR(Move(AgentState::kAssigned));
  parts_.events.Emit("assigned", {{"task", assignment->task()},
                                  {"round", assignment->round()}});
  return true;
}

absl::StatusOr<v1::StepReply> Agent::SendStep(const v1::StepRequest& request) {
  RetryPolicy retry(parts_.rng);
  bool enrolled_again = false;
  while (true) {
    absl::StatusOr<v1::StepReply> reply = parts_.coordinator.Step(request);
    if (reply.ok()) return reply;
    const absl::StatusCode code = reply.status().code();
    if (code == absl::StatusCode::kUnauthenticated) {
      // A copy of this device would end the session again, without an end.
      if (enrolled_again) return reply.status();
      SOTTO_RETURN_IF_ERROR(Enroll());
      enrolled_again = true;
      continue;
    }
    const bool lost = code == absl::StatusCode::kUnavailable ||
                      code == absl::StatusCode::kDeadlineExceeded;
    if (!lost) return reply.status();
    parts_.events.EmitError("step", reply.status());
    if (parts_.interrupt.Sleep(retry.AfterFailure(code))) {
      return absl::CancelledError("the client is stopping");
    }
  }
}

absl::StatusOr<v1::RoundOutcome> Agent::TakePart(
    const v1::Assignment& assignment) {
  ParticipationLedger ledger(parts_.database);
  SOTTO_ASSIGN_OR_RETURN(
      const Bytes plan_bytes,
      parts_.updater.FetchTarget(assignment.plan_target(), kMaxPlanBytes));
  SOTTO_RETURN_IF_ERROR(CheckPlanBytes(assignment, plan_bytes));
  v1::Plan plan;
  if (!plan.ParseFromArray(plan_bytes.data(),
                           static_cast<int>(plan_bytes.size()))) {
    return absl::InvalidArgumentError("plan '" + assignment.plan_target() +
                                      "' is not a plan");
  }
  SOTTO_RETURN_IF_ERROR(CheckPlan(plan, assignment.task(), parts_.config.model,
                                  model_->architecture_hash()));
  SOTTO_RETURN_IF_ERROR(CheckNoise(plan, parts_.config.policy));
  SOTTO_ASSIGN_OR_RETURN(const ParticipationHistory history,
                         ledger.History(assignment.task()));
  SOTTO_RETURN_IF_ERROR(CheckParticipation(
      history,
      {.min_separation_rounds = plan.participation().min_separation_rounds(),
       .max_participations = plan.participation().max_participations()},
      assignment.round()));
  std::size_t num_weights = 0;
  for (const std::int32_t tensor : model_->graph().WeightTensors()) {
    num_weights += model_->graph().Floats(tensor).size();
  }
  PrivacyLedger privacy_ledger(parts_.database);
  if (plan.has_privacy()) {
    // Again with the session's numbers; here it saves the training.
    SOTTO_ASSIGN_OR_RETURN(
        const auto spent,
        privacy_ledger.Entries({parts_.config.population, plan.model()}));
    SOTTO_ASSIGN_OR_RETURN(
        const v1::NoisyRelease next,
        PlannedRelease(plan, parts_.config.policy, num_weights));
    SOTTO_RETURN_IF_ERROR(
        CheckBudget(spent, plan, next, assignment.round(), parts_.config.policy)
            .status());
  }

  SOTTO_ASSIGN_OR_RETURN(
      const model_store::OpenedPayload checkpoint,
      parts_.updater.FetchCheckpoint(AsBytes(assignment.checkpoint_digest()),
                                     assignment.checkpoint_bytes()));
  SOTTO_RETURN_IF_ERROR(CheckCheckpoint(assignment, checkpoint.bytes()));
  SOTTO_ASSIGN_OR_RETURN(const std::vector<float> weights,
                         ParseWeights(checkpoint.bytes(), num_weights));

  SOTTO_RETURN_IF_ERROR(Move(AgentState::kTraining));
  absl::StatusOr<LocalResult> result = absl::UnknownError("not trained");
  {
    const ConditionWatch watch(parts_.conditions, parts_.config.policy,
                               parts_.interrupt);
    result = TrainLocally({.graph = &model_->graph(),
                           .plan = &plan,
                           .weights = weights,
                           .examples = examples_.get(),
                           .evaluation = evaluation_.get(),
                           .device_id = parts_.identity.certificate.device_id,
                           .round = assignment.round(),
                           .cancel = &watch.cancelled()});
  }
  if (!result.ok()) {
    // It would again: weights, examples and seed are the same.
    if (absl::IsInternal(result.status())) {
      diverged_round_ = ToBytes(assignment.round_id());
    }
    return result.status();
  }
  const WipedUpdate wiped{*result};
  parts_.events.Emit(
      "trained",
      {{"task", assignment.task()},
       {"round", assignment.round()},
       {"examples", result->examples},
       {"loss", result->examples == 0
                    ? 0.0
                    : result->loss_sum / static_cast<double>(result->examples)},
       {"eval_count", result->eval_count},
       {"eval_correct", result->eval_correct}});

  SOTTO_RETURN_IF_ERROR(Move(AgentState::kReady));
  SOTTO_RETURN_IF_ERROR(ledger.Join(assignment.task(), assignment.round(),
                                    AsBytes(assignment.model_hash())));
  SOTTO_RETURN_IF_ERROR(Move(AgentState::kAggregating));
  SqliteDecisionLog log(parts_.database, parts_.clock);
  RoundSession session(
      {.config = parts_.config,
       .identity = parts_.identity,
       .issuer = parts_.issuer,
       .coordinator = parts_.coordinator_key,
       .log = log,
       .clock = parts_.clock,
       .rng = parts_.rng,
       .events = parts_.events,
       .interrupt = parts_.interrupt,
       .send =
           [this](const v1::StepRequest& request) { return SendStep(request); },
       .privacy = &privacy_ledger});
  return session.Run(
      {.assignment = &assignment, .plan = &plan, .result = &*result});
}

}  // namespace sotto::client
