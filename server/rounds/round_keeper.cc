#include "server/rounds/round_keeper.h"

#include <algorithm>

#include "base/codec.h"
#include "base/log.h"
#include "base/status.h"
#include "crypto/sha2.h"
#include "server/cohort/eligibility.h"
#include "server/rounds/round_state.h"

namespace sotto::server {
namespace {

// Between two tries when the store fails: a full disk is not emptied within a
// tick, and each try of a commit adds up and seals a whole model.
constexpr std::int64_t kRetryMs = 1000;

constexpr std::size_t kKeptEndedRounds = 4;

// A device that was assigned has this long to train and join.
constexpr std::int64_t kAssignmentLifetimeMs = 10 * 60 * 1000;

v1::StepReply OutcomeReply(v1::RoundOutcome::Kind kind,
                           const std::string& reason, std::uint32_t included) {
  v1::StepReply reply;
  reply.mutable_outcome()->set_kind(kind);
  reply.mutable_outcome()->set_reason(reason);
  reply.mutable_outcome()->set_included(included);
  return reply;
}

absl::StatusOr<v1::RoundStatus> ParseRoundStatus(const RoundRecord& record) {
  v1::RoundStatus status;
  if (!status.ParseFromArray(record.status.data(),
                             static_cast<int>(record.status.size()))) {
    return absl::DataLossError(
        absl::StrFormat("task '%s' round %d: its record is damaged",
                        record.task, record.round));
  }
  return status;
}

}  // namespace

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

RoundKeeper::RoundKeeper(Parts parts)
    : parts_(std::move(parts)),
      journal_(parts_.store, parts_.clock),
      ledger_(parts_.store) {}

absl::StatusOr<std::unique_ptr<RoundKeeper::Task>> RoundKeeper::Load(
    const TaskRecord& record) {
  auto task = std::make_unique<Task>();
  TaskSettings& settings = task->settings;
  if (!settings.request.ParseFromArray(
          record.request.data(), static_cast<int>(record.request.size())) ||
      !settings.plan.ParseFromArray(record.plan.data(),
                                    static_cast<int>(record.plan.size()))) {
    return absl::DataLossError(
        absl::StrFormat("task '%s': its record is damaged", record.name));
  }
  const auto hash = crypto::Sha256(record.plan);
  settings.plan_hash.assign(hash.begin(), hash.end());
  SOTTO_ASSIGN_OR_RETURN(task->model, parts_.store.LatestModel(record.name));
  task->length =
      static_cast<std::uint32_t>(task->model.weights.size() / sizeof(float));
  task->model.weights.clear();
  task->model.velocity.clear();
  return task;
}

absl::Status RoundKeeper::Start() {
  SOTTO_ASSIGN_OR_RETURN(const std::vector<TaskRecord> records,
                         parts_.store.ListTasks());
  for (const TaskRecord& record : records) {
    if (record.state != "running") continue;
    SOTTO_ASSIGN_OR_RETURN(tasks_[record.name], Load(record));
    SOTTO_RETURN_IF_ERROR(EnsureRound(*tasks_[record.name]));
  }
  return Tick();
}

absl::Status RoundKeeper::EnsureRound(Task& task) {
  ++moves_;
  const std::string& name = task.settings.request.task();
  SOTTO_ASSIGN_OR_RETURN(const std::optional<RoundRecord> last,
                         parts_.store.LastRound(name));
  if (last.has_value() && last->ended_ms == 0) {
    SOTTO_ASSIGN_OR_RETURN(
        task.round,
        Round::Recover(RoundParts(), task.settings, *last, task.length));
    LogInfo("rounds", "recovered task=%s round=%d state=%s", name, last->round,
            last->state);
    return absl::OkStatus();
  }
  const std::uint64_t number = last.has_value() ? last->round + 1 : 1;
  const absl::Status affordable =
      CheckNextRound(task.settings.plan, task.settings.request.population(),
                     task.length, task.settings.request.cohort_min(), number);
  if (absl::IsResourceExhausted(affordable)) {
    SOTTO_RETURN_IF_ERROR(parts_.store.Transact(
        [&] { return parts_.store.EndTask(name, kOutOfBudget); }));
    task.ended = true;
    LogWarning("rounds", "task=%s ended: %s", name,
               std::string(affordable.message()));
    return absl::OkStatus();
  }
  SOTTO_RETURN_IF_ERROR(affordable);
  RoundRecord record;
  record.round_id.resize(16);
  parts_.rng.Fill(record.round_id);
  record.task = name;
  record.round = number;
  record.model_hash = task.model.hash;
  if (last.has_value()) record.previous_model_hash = last->model_hash;
  record.opened_ms = parts_.clock.NowMillis();
  SOTTO_ASSIGN_OR_RETURN(
      task.round,
      Round::Open(RoundParts(), task.settings, std::move(record), task.length));
  return absl::OkStatus();
}

absl::StatusOr<std::optional<v1::Assignment>> RoundKeeper::CheckIn(
    const DeviceRecord& device, const v1::CheckInRequest& request) {
  for (auto& [name, task] : tasks_) {
    if (task->round == nullptr || task->round->broken() ||
        !task->round->WantsDevice(device.device_id)) {
      continue;
    }
    const v1::Plan& plan = task->settings.plan;
    if (std::find(request.models().begin(), request.models().end(),
                  plan.model()) == request.models().end()) {
      continue;
    }
    SOTTO_ASSIGN_OR_RETURN(const ParticipationRecord participation,
                           parts_.store.Participation(name, device.device_id));
    const RoundRecord& record = task->round->record();
    const std::string& population = task->settings.request.population();
    const auto eligible_in = [&](std::uint64_t round) {
      return CheckEligible(plan.participation(), population, round,
                           {.population = device.population,
                            .examples = request.examples(),
                            .record = participation})
          .ok();
    };
    if (!eligible_in(record.round)) {
      if (eligible_in(UINT64_MAX)) task->round->NoteResting(device.device_id);
      continue;
    }
    v1::Assignment assignment;
    assignment.set_task(name);
    assignment.set_round(record.round);
    assignment.set_round_id(ToString(record.round_id));
    assignment.set_plan_target(task->settings.request.plan_target());
    assignment.set_plan_hash(ToString(task->settings.plan_hash));
    assignment.set_model_hash(ToString(record.model_hash));
    assignment.set_previous_model_hash(ToString(record.previous_model_hash));
    assignment.set_checkpoint_digest(ToString(task->model.container_digest));
    assignment.set_checkpoint_bytes(task->model.container_bytes);
    assignment.set_deadline_ms(parts_.clock.NowMillis() +
                               kAssignmentLifetimeMs);
    const crypto::Signature signature =
        parts_.coordinator_key.Sign(AssignmentSignedBytes(assignment));
    assignment.set_signature(signature.data(), signature.size());
    RoundLog& log = task->round->log();
    log.MarkOnce(device.device_id, '-');
    log.CountUp(request.ByteSizeLong());
    log.CountDown(assignment.ByteSizeLong());
    return std::optional<v1::Assignment>(std::move(assignment));
  }
  return std::optional<v1::Assignment>();
}

absl::StatusOr<v1::StepReply> RoundKeeper::Step(
    const DeviceRecord& device, const v1::StepRequest& request) {
  for (auto& [name, task] : tasks_) {
    if (task->round == nullptr ||
        AsText(task->round->record().round_id) != request.round_id()) {
      continue;
    }
    if (task->round->broken()) {
      return absl::UnavailableError(absl::StrFormat(
          "task '%s': the journal could not be written; retry", name));
    }
    RoundLog& log = task->round->log();
    if (!request.has_poll()) log.CountUp(request.ByteSizeLong());
    auto reply = task->round->Handle(device.device_id, request);
    if (reply.ok() && !reply->has_wait()) {
      log.CountDown(reply->ByteSizeLong());
    }
    const absl::Status settled = Settle(*task);
    // The message is in the journal. That the round cannot end yet, as with a
    // full disk, is not the device's trouble: Tick tries again and says so.
    if (!settled.ok() && (task->round == nullptr || task->round->broken())) {
      return settled;
    }
    return reply;
  }
  const auto ended = FindEnded(ToBytes(request.round_id()));
  if (absl::IsNotFound(ended.status())) {
    return OutcomeReply(v1::RoundOutcome::UNKNOWN_ROUND,
                        std::string(ended.status().message()), 0);
  }
  SOTTO_RETURN_IF_ERROR(ended.status());
  if (*ended == nullptr) {
    return OutcomeReply(v1::RoundOutcome::ABANDONED, "the task was stopped", 0);
  }
  const EndedRound& round = **ended;
  if (round.abandoned) {
    return OutcomeReply(v1::RoundOutcome::ABANDONED, round.reason, 0);
  }
  const auto found = round.devices.find(device.device_id);
  if (found == round.devices.end()) {
    return OutcomeReply(v1::RoundOutcome::NOT_INCLUDED,
                        "the round was committed without this device",
                        round.included);
  }
  return OutcomeReply(found->second.included ? v1::RoundOutcome::COMMITTED
                                             : v1::RoundOutcome::NOT_INCLUDED,
                      found->second.reason, round.included);
}

absl::StatusOr<const RoundKeeper::EndedRound*> RoundKeeper::FindEnded(
    const Bytes& round_id) {
  for (const EndedRound& round : ended_) {
    if (round.round_id == round_id) return &round;
  }
  SOTTO_ASSIGN_OR_RETURN(const RoundRecord record,
                         parts_.store.GetRound(round_id));
  if (record.ended_ms == 0) return nullptr;
  SOTTO_ASSIGN_OR_RETURN(const v1::RoundStatus status,
                         ParseRoundStatus(record));
  EndedRound round{.round_id = round_id,
                   .abandoned = record.state == kAbandoned,
                   .reason = status.reason(),
                   .included = status.included(),
                   .devices = {}};
  for (const v1::RoundStatus::Device& device : status.devices()) {
    round.devices[ToBytes(device.device_id())] = {
        .included = device.outcome() == "included", .reason = device.reason()};
  }
  if (ended_.size() == kKeptEndedRounds) ended_.pop_front();
  return &ended_.emplace_back(std::move(round));
}

void RoundKeeper::NoteGrant(const Bytes& device_id, ByteView container_digest) {
  for (auto& [name, task] : tasks_) {
    if (task->round == nullptr ||
        AsText(task->model.container_digest) != AsText(container_digest)) {
      continue;
    }
    RoundLog& log = task->round->log();
    const auto path = log.devices().find(device_id);
    if (path == log.devices().end() ||
        path->second.shape.find('v') != std::string::npos) {
      continue;
    }
    log.Mark(device_id, 'v');
    log.CountDown(task->model.container_bytes);
  }
}

absl::Status RoundKeeper::Tick() {
  absl::Status first;
  for (auto it = tasks_.begin(); it != tasks_.end();) {
    const std::string name = it->first;
    if (it->second->ended) {
      it = tasks_.erase(it);
      continue;
    }
    Task& task = *(it++)->second;  // Settle may remove the task
    if (parts_.clock.NowMillis() < task.retry_at_ms) continue;
    absl::Status status;
    if (task.round == nullptr || task.round->broken()) {
      status = EnsureRound(task);
    } else {
      status = task.round->Tick();
    }
    if (status.ok()) status = Settle(task);
    if (status.ok()) continue;
    task.retry_at_ms = parts_.clock.NowMillis() + kRetryMs;
    if (first.ok()) first = Annotate(status, "task '" + name + "'");
  }
  return first;
}

absl::Status RoundKeeper::Settle(Task& task) {
  if (task.round == nullptr || task.round->broken()) return absl::OkStatus();
  if (!task.round->failure().has_value()) {
    if (!task.round->complete()) return absl::OkStatus();
    const std::int64_t now_ms = parts_.clock.NowMillis();
    if (now_ms < task.retry_at_ms) return absl::OkStatus();
    // Moved on by Commit, which may also end the task.
    task.retry_at_ms = now_ms + kRetryMs;
    const absl::Status committed = Commit(task);
    if (!absl::IsFailedPrecondition(committed) || task.round == nullptr) {
      return committed;
    }
    task.retry_at_ms = 0;
    task.round->Fail(std::string(committed.message()));
  }
  return Abandon(task);
}

absl::Status RoundKeeper::Commit(Task& task) {
  const std::string name = task.settings.request.task();
  const RoundRecord& record = task.round->record();
  SOTTO_RETURN_IF_ERROR(CheckRelease(task));
  SOTTO_ASSIGN_OR_RETURN(secure_agg::AggregateResult result,
                         task.round->Result());
  SOTTO_ASSIGN_OR_RETURN(const ModelRecord old, parts_.store.LatestModel(name));
  SOTTO_ASSIGN_OR_RETURN(std::optional<CoordinatorNoise> noise,
                         NoiseOf(task, old.round));
  SOTTO_ASSIGN_OR_RETURN(
      CommittedModel next,
      ApplySum(task.settings.plan,
               {.learning_rate = task.settings.request.server_learning_rate(),
                .momentum = task.settings.request.server_momentum()},
               old.weights, old.velocity,
               {.update = result.sums["update"],
                .metrics = result.sums["metrics"],
                .included = static_cast<std::uint32_t>(result.included.size()),
                .cohort = task.settings.request.cohort_goal(),
                .manifest = &task.round->manifest(),
                .noise = noise.has_value() ? &*noise : nullptr}));
  SOTTO_ASSIGN_OR_RETURN(const SealedCheckpoint sealed,
                         parts_.seal(next.weights));
  const auto hash = crypto::Sha256(next.weights);
  ModelRecord model{.task = name,
                    .round = record.round,
                    .weights = std::move(next.weights),
                    .velocity = std::move(next.velocity),
                    .hash = Bytes(hash.begin(), hash.end()),
                    .container_digest = sealed.digest,
                    .container_bytes = sealed.size_bytes};
  v1::RoundStatus status = task.round->Status();
  status.set_included(static_cast<std::uint32_t>(result.included.size()));
  status.set_eval_count(next.metrics.eval_count);
  status.set_eval_correct(next.metrics.eval_correct);
  status.set_train_examples(next.metrics.train_examples);
  status.set_train_loss(next.metrics.train_loss);
  status.set_noisy(task.settings.plan.has_privacy());
  status.set_near_boundary(next.near_boundary);
  status.set_model_hash(ToString(model.hash));
  if (!noise.has_value()) {  // which the sum lacks
    const std::vector<std::uint32_t>& update = result.sums["update"];
    status.set_update_sum(update.data(), update.size() * sizeof(std::uint32_t));
  }

  SOTTO_ASSIGN_OR_RETURN(const std::uint64_t so_far,
                         parts_.store.CountRounds(name, kCommitted));
  const bool done = so_far + 1 >= task.settings.request.rounds();
  const absl::Status written =
      task.round->Finish(kCommitted, status, [&]() -> absl::Status {
        SOTTO_RETURN_IF_ERROR(parts_.store.PutModel(model));
        SOTTO_RETURN_IF_ERROR(Spend(task));
        SOTTO_RETURN_IF_ERROR(
            parts_.store.PutEscrow(model.container_digest, sealed.sealed_key,
                                   task.settings.request.population()));
        if (done) return parts_.store.EndTask(name, "done");
        return PutNoiseRows(task, next.noise_rows);
      });
  if (!written.ok()) return written;
  CountEnd("committed", status);
  LogInfo("rounds", "committed task=%s round=%d included=%d cohort=%d", name,
          record.round, status.included(), status.cohort());
  if (status.noisy()) {
    LogInfo("rounds", "noise task=%s round=%d near_boundary=%g", name,
            record.round, status.near_boundary());
  }
  // The old model stays for devices that are late; the ones before it go.
  if (const absl::Status retired = Retire(name, old.round); !retired.ok()) {
    LogWarning("rounds",
               "task=%s: containers before round %d were not removed: %s", name,
               old.round, std::string(retired.message()));
  }
  model.weights.clear();
  model.velocity.clear();
  task.model = std::move(model);
  task.round.reset();
  task.retry_at_ms = 0;
  ++moves_;
  if (done) {
    tasks_.erase(name);
    return absl::OkStatus();
  }
  return EnsureRound(task);
}

absl::Status RoundKeeper::Retire(const std::string& task, std::uint64_t round) {
  SOTTO_ASSIGN_OR_RETURN(const std::vector<Bytes> digests,
                         parts_.store.ContainersBefore(task, round));
  if (parts_.remove == nullptr || digests.empty()) return absl::OkStatus();
  // Files first: after a kill between the two, the next commit does it again.
  for (const Bytes& digest : digests) {
    SOTTO_RETURN_IF_ERROR(parts_.remove(digest));
  }
  return parts_.store.RetireModels(task, round);
}

void RoundKeeper::CountEnd(const std::string& outcome,
                           const v1::RoundStatus& status) {
  ++totals_["rounds_" + outcome];
  totals_["devices_included"] += status.included();
  for (const auto& [step, count] : status.dropped()) {
    totals_["devices_dropped_" + step] += count;
  }
  totals_["round_bytes_up"] += status.bytes_up();
  totals_["round_bytes_down"] += status.bytes_down();
}

absl::Status RoundKeeper::Abandon(Task& task) {
  v1::RoundStatus status = task.round->Status();
  status.set_reason(*task.round->failure());
  SOTTO_RETURN_IF_ERROR(
      task.round->Finish(kAbandoned, status, [&] { return Spend(task); }));
  CountEnd("abandoned", status);
  LogWarning("rounds", "abandoned task=%s round=%d: %s",
             task.settings.request.task(), task.round->record().round,
             status.reason());
  task.round.reset();
  return EnsureRound(task);
}

}  // namespace sotto::server
