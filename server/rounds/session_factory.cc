#include "server/rounds/session_factory.h"

#include <algorithm>

#include "base/status.h"
#include "crypto/sha2.h"
#include "privacy/fixed_point.h"
#include "privacy/rounds/exact_metrics.h"
#include "privacy/rounds/round_noise.h"
#include "secure_agg/server_session.h"
#include "server/rounds/input_folder.h"
#include "server/rounds/noisy_sum.h"

namespace sotto::server {
namespace {

absl::StatusOr<std::vector<secure_agg::VectorSpec>> VectorsOf(
    const TaskSettings& task, std::uint32_t model_length) {
  const v1::Plan::Encode& encode = task.plan.encode();
  const std::uint32_t goal = task.request.cohort_goal();
  if (task.plan.has_privacy()) {
    return NoisyVectors(task.plan, model_length, task.request.cohort_min(),
                        goal);
  }
  SOTTO_ASSIGN_OR_RETURN(
      const privacy::FixedPoint codec,
      privacy::FixedPoint::Create({.clip = encode.clip_norm(),
                                   .scale = encode.scale(),
                                   .bits = encode.bits(),
                                   .max_weight = encode.max_weight(),
                                   .num_devices = goal}));
  return std::vector<secure_agg::VectorSpec>{{.name = "update",
                                              .length = model_length,
                                              .bits = encode.bits(),
                                              .bound = codec.range()},
                                             {.name = "metrics",
                                              .length = privacy::kMetricsLength,
                                              .bits = privacy::kMetricsBits,
                                              .bound = privacy::kMetricsBound}};
}

template <std::size_t N>
std::array<std::uint8_t, N> Fixed(const Bytes& bytes) {
  std::array<std::uint8_t, N> fixed = {};
  std::copy_n(bytes.begin(), std::min(bytes.size(), N), fixed.begin());
  return fixed;
}

// A name of a task may hold anything.
std::string UploadsOf(const std::string& uploads, const TaskSettings& task) {
  const auto hash = crypto::Sha256(AsBytes(task.request.task()));
  return uploads + "/" + HexEncode(ByteView(hash).first(16));
}

// What the graph depends on.
secure_agg::ServerParams GraphInputs(const v1::CreateTaskRequest& request,
                                     const v1::Plan& plan) {
  const v1::Plan::SecureAggregation& secure = plan.secure_aggregation();
  secure_agg::ServerParams params;
  params.max_cohort = request.cohort_goal();
  params.min_cohort = secure.min_cohort();
  params.corrupted_fraction = secure.corrupted_fraction();
  params.dropout_fraction = secure.dropout_fraction();
  params.complete_up_to =
      privacy::IsDeviceNoise(plan) ? UINT32_MAX : secure_agg::kCompleteUpTo;
  return params;
}

}  // namespace

absl::Status CheckCohorts(const v1::CreateTaskRequest& request,
                          const v1::Plan& plan) {
  constexpr std::uint32_t kSteps = 8;
  const secure_agg::ServerParams params = GraphInputs(request, plan);
  const std::uint32_t least = request.cohort_min();
  const std::uint32_t span = request.cohort_goal() - least;
  for (std::uint32_t i = 0; i <= kSteps; ++i) {
    const auto graph =
        secure_agg::SessionGraph(params, least + span * i / kSteps);
    if (graph.ok()) continue;
    return Annotate(
        graph.status(),
        absl::StrFormat("task: cohorts of %d to %d%s", least,
                        request.cohort_goal(),
                        privacy::IsDeviceNoise(plan) ? " that add noise" : ""));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<secure_agg::Aggregator>> SessionFactory::Create(
    const TaskSettings& task, const RoundRecord& round,
    std::uint32_t model_length) {
  SOTTO_ASSIGN_OR_RETURN(std::vector<secure_agg::VectorSpec> vectors,
                         VectorsOf(task, model_length));
  SOTTO_ASSIGN_OR_RETURN(std::unique_ptr<InputFolder> inputs,
                         InputFolder::Clear(UploadsOf(uploads_, task)));
  secure_agg::ServerParams params = GraphInputs(task.request, task.plan);
  params.task = task.request.task();
  params.round = round.round;
  params.round_id = Fixed<16>(round.round_id);
  params.vectors = std::move(vectors);
  params.model_hash = Fixed<32>(round.model_hash);
  params.plan_hash = Fixed<32>(task.plan_hash);
  params.previous_model_hash = round.previous_model_hash;
  params.deadline_ms = round.opened_ms + kRoundLifetimeMs;
  params.issuer = issuer_;
  params.population = task.request.population();
  return secure_agg::ServerSession::Create(params, key_, std::move(inputs));
}

absl::StatusOr<std::unique_ptr<secure_agg::Aggregator>> SessionFactory::Restore(
    const TaskSettings& task, ByteView snapshot) {
  SOTTO_ASSIGN_OR_RETURN(std::unique_ptr<InputFolder> inputs,
                         InputFolder::Open(UploadsOf(uploads_, task)));
  return secure_agg::ServerSession::Restore(snapshot, key_, std::move(inputs));
}

}  // namespace sotto::server
