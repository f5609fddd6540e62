// RoundKeeper's operator calls.

#include <cmath>
#include <cstring>
#include <memory>
#include <string>

#include "base/log.h"
#include "base/status.h"
#include "crypto/sha2.h"
#include "privacy/fixed_point.h"
#include "privacy/rounds/round_noise.h"
#include "secure_agg/graph/threshold.h"
#include "server/rounds/noisy_sum.h"
#include "server/rounds/round_keeper.h"
#include "server/rounds/round_state.h"
#include "server/rounds/session_factory.h"

namespace sotto::server {
namespace {

absl::Status Need(bool holds, const std::string& field,
                  const std::string& wants) {
  if (holds) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("task: %s: wants %s", field, wants));
}

bool AllFinite(ByteView weights) {
  for (std::size_t i = 0; i + sizeof(float) <= weights.size();
       i += sizeof(float)) {
    float value = 0;
    std::memcpy(&value, weights.data() + i, sizeof value);
    if (!std::isfinite(value)) return false;
  }
  return true;
}

}  // namespace

absl::Status CheckTask(const v1::CreateTaskRequest& request,
                       const v1::Plan& plan) {
  SOTTO_RETURN_IF_ERROR(Need(!request.task().empty(), "task", "a name"));
  SOTTO_RETURN_IF_ERROR(
      Need(!request.population().empty(), "population", "a name"));
  SOTTO_RETURN_IF_ERROR(
      Need(plan.task() == request.task(), "plan_target",
           absl::StrFormat("a plan of task '%s', this is one of '%s'",
                           request.task(), plan.task())));
  SOTTO_RETURN_IF_ERROR(Need(!plan.model().empty(), "plan.model", "a family"));
  SOTTO_RETURN_IF_ERROR(
      Need(!request.initial_weights().empty() &&
               request.initial_weights().size() % sizeof(float) == 0 &&
               AllFinite(AsBytes(request.initial_weights())),
           "initial_weights", "finite f32 values"));
  SOTTO_RETURN_IF_ERROR(Need(request.rounds() > 0, "rounds", "at least 1"));
  const std::uint32_t floor = plan.secure_aggregation().min_cohort();
  SOTTO_RETURN_IF_ERROR(Need(floor >= 3, "plan.min_cohort", "at least 3"));
  SOTTO_RETURN_IF_ERROR(
      Need(request.cohort_min() >= floor, "cohort_min",
           absl::StrFormat("at least the plan's min_cohort, %d", floor)));
  SOTTO_RETURN_IF_ERROR(
      Need(request.cohort_goal() >= request.cohort_min() &&
               request.cohort_goal() <= secure_agg::kMaxCohort,
           "cohort_goal",
           absl::StrFormat("cohort_min to %d", secure_agg::kMaxCohort)));
  SOTTO_RETURN_IF_ERROR(CheckCohorts(request, plan));
  SOTTO_RETURN_IF_ERROR(
      Need(request.step_timeout_ms() > 0, "step_timeout_ms", "at least 1"));
  SOTTO_RETURN_IF_ERROR(
      Need(request.server_momentum() >= 0 && request.server_momentum() < 1,
           "server_momentum", "a number in [0, 1)"));
  SOTTO_RETURN_IF_ERROR(Need(request.server_learning_rate() > 0 &&
                                 std::isfinite(request.server_learning_rate()),
                             "server_learning_rate", "a number above 0"));
  if (plan.has_privacy()) {
    return Annotate(
        NoisyVectors(plan, request.initial_weights().size() / sizeof(float),
                     request.cohort_min(), request.cohort_goal())
            .status(),
        absl::StrFormat("task: noise with cohorts of %d to %d",
                        request.cohort_min(), request.cohort_goal()));
  }
  return Annotate(
      privacy::FixedPoint::Create({.clip = plan.encode().clip_norm(),
                                   .scale = plan.encode().scale(),
                                   .bits = plan.encode().bits(),
                                   .max_weight = plan.encode().max_weight(),
                                   .num_devices = request.cohort_goal()})
          .status(),
      absl::StrFormat("task: plan.encode with cohort_goal %d",
                      request.cohort_goal()));
}

absl::Status RoundKeeper::CreateTask(const v1::CreateTaskRequest& request,
                                     ByteView plan_bytes) {
  v1::Plan plan;
  if (!plan.ParseFromArray(plan_bytes.data(),
                           static_cast<int>(plan_bytes.size()))) {
    return absl::InvalidArgumentError(
        absl::StrFormat("plan target '%s': not a plan", request.plan_target()));
  }
  SOTTO_RETURN_IF_ERROR(CheckTask(request, plan));
  SOTTO_RETURN_IF_ERROR(CheckNextRound(
      plan, request.population(),
      static_cast<std::uint32_t>(request.initial_weights().size() /
                                 sizeof(float)),
      request.cohort_min(), 1));
  v1::CreateTaskRequest kept = request;
  kept.clear_initial_weights();
  const Bytes weights = ToBytes(request.initial_weights());
  const auto hash = crypto::Sha256(weights);
  SOTTO_ASSIGN_OR_RETURN(const SealedCheckpoint sealed, parts_.seal(weights));
  const TaskRecord record{.name = request.task(),
                          .population = request.population(),
                          .request = ToBytes(kept.SerializeAsString()),
                          .plan = Bytes(plan_bytes.begin(), plan_bytes.end()),
                          .created_ms = parts_.clock.NowMillis()};
  const absl::Status written = parts_.store.Transact([&]() -> absl::Status {
    SOTTO_RETURN_IF_ERROR(parts_.store.InsertTask(record));
    if (privacy::IsCoordinatorNoise(plan)) {
      crypto::Secret<32> seed;
      parts_.rng.Fill(seed.RevealMutable());
      SOTTO_RETURN_IF_ERROR(
          parts_.store.InsertNoiseSeed(request.task(), seed.Reveal()));
    }
    SOTTO_RETURN_IF_ERROR(parts_.store.PutEscrow(
        sealed.digest, sealed.sealed_key, request.population()));
    return parts_.store.PutModel({.task = request.task(),
                                  .round = 0,
                                  .weights = weights,
                                  .hash = Bytes(hash.begin(), hash.end()),
                                  .container_digest = sealed.digest,
                                  .container_bytes = sealed.size_bytes});
  });
  if (!written.ok()) return written;
  LogInfo("rounds", "created task=%s rounds=%d goal=%d", request.task(),
          request.rounds(), request.cohort_goal());
  SOTTO_ASSIGN_OR_RETURN(tasks_[request.task()], Load(record));
  return EnsureRound(*tasks_[request.task()]);
}

absl::StatusOr<v1::TaskStatus> RoundKeeper::GetTask(const std::string& name) {
  SOTTO_ASSIGN_OR_RETURN(const TaskRecord record, parts_.store.GetTask(name));
  SOTTO_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> rounds,
                         parts_.store.RoundNumbers(name));
  v1::TaskStatus task;
  task.set_task(name);
  task.set_state(record.state);
  SOTTO_RETURN_IF_ERROR(
      FillPrivacy(record, rounds.empty() ? 1 : rounds.back() + 1, task));
  for (const std::uint64_t round : rounds) {
    v1::RoundStatus& status = *task.add_rounds();
    SOTTO_ASSIGN_OR_RETURN(status, Explain(name, round));
    // Clearing alone would keep the memory until the reply is sent.
    const std::unique_ptr<std::string> sum(status.release_update_sum());
    status.clear_devices();
    if (status.state() == kCommitted) {
      task.set_rounds_committed(task.rounds_committed() + 1);
    } else if (status.state() == kAbandoned) {
      task.set_rounds_abandoned(task.rounds_abandoned() + 1);
    }
  }
  return task;
}

absl::StatusOr<v1::TaskStatus> RoundKeeper::StopTask(const std::string& name) {
  SOTTO_ASSIGN_OR_RETURN(const TaskRecord record, parts_.store.GetTask(name));
  const auto task = tasks_.find(name);
  if (record.state == "running" && task != tasks_.end()) {
    // The state first: a round that is abandoned is not followed by another.
    SOTTO_RETURN_IF_ERROR(parts_.store.Transact(
        [&] { return parts_.store.EndTask(name, "stopped"); }));
    const std::unique_ptr<Task> stopped = std::move(task->second);
    tasks_.erase(task);
    ++moves_;
    if (stopped->round != nullptr && !stopped->round->broken()) {
      v1::RoundStatus status = stopped->round->Status();
      status.set_reason("the task was stopped");
      SOTTO_RETURN_IF_ERROR(stopped->round->Finish(
          kAbandoned, status, [&] { return Spend(*stopped); }));
    }
  }
  return GetTask(name);
}

absl::StatusOr<v1::RoundStatus> RoundKeeper::Explain(const std::string& name,
                                                     std::uint64_t number) {
  SOTTO_ASSIGN_OR_RETURN(const RoundRecord record,
                         parts_.store.GetRound(name, number));
  if (record.ended_ms == 0) {
    const auto task = tasks_.find(name);
    if (task != tasks_.end() && task->second->round != nullptr) {
      return task->second->round->Status();
    }
  }
  v1::RoundStatus status;
  if (!status.ParseFromArray(record.status.data(),
                             static_cast<int>(record.status.size()))) {
    return absl::DataLossError(absl::StrFormat(
        "task '%s' round %d: its record is damaged", name, number));
  }
  status.set_round(record.round);
  if (status.state().empty()) status.set_state(record.state);
  return status;
}

absl::StatusOr<Bytes> RoundKeeper::Export(const std::string& name,
                                          std::uint64_t round) {
  SOTTO_RETURN_IF_ERROR(parts_.store.GetTask(name).status());
  SOTTO_ASSIGN_OR_RETURN(ModelRecord model, parts_.store.GetModel(name, round));
  return std::move(model.weights);
}

}  // namespace sotto::server
