#include "server/rounds/session_factory.h"

#include <algorithm>

#include "base/status.h"
#include "crypto/sha2.h"
#include "privacy/fixed_point.h"
#include "secure_agg/server_session.h"
#include "server/rounds/committed_model.h"
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
                                              .length = kMetricsLength,
                                              .bits = 32,
                                              .bound = kMetricsBound}};
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

}  // namespace

absl::StatusOr<std::unique_ptr<secure_agg::Aggregator>> SessionFactory::Create(
    const TaskSettings& task, const RoundRecord& round,
    std::uint32_t model_length) {
  const v1::Plan::SecureAggregation& secure = task.plan.secure_aggregation();
  SOTTO_ASSIGN_OR_RETURN(std::vector<secure_agg::VectorSpec> vectors,
                         VectorsOf(task, model_length));
  SOTTO_ASSIGN_OR_RETURN(std::unique_ptr<InputFolder> inputs,
                         InputFolder::Clear(UploadsOf(uploads_, task)));
  return secure_agg::ServerSession::Create(
      {.task = task.request.task(),
       .round = round.round,
       .round_id = Fixed<16>(round.round_id),
       .vectors = std::move(vectors),
       .max_cohort = task.request.cohort_goal(),
       .min_cohort = secure.min_cohort(),
       .corrupted_fraction = secure.corrupted_fraction(),
       .dropout_fraction = secure.dropout_fraction(),
       // Devices share their noise among the members that n_min leaves.
       .complete_up_to =
           task.plan.has_privacy() ? UINT32_MAX : secure_agg::kCompleteUpTo,
       .model_hash = Fixed<32>(round.model_hash),
       .plan_hash = Fixed<32>(task.plan_hash),
       .previous_model_hash = round.previous_model_hash,
       .deadline_ms = round.opened_ms + kRoundLifetimeMs,
       .issuer = issuer_,
       .population = task.request.population()},
      key_, std::move(inputs));
}

absl::StatusOr<std::unique_ptr<secure_agg::Aggregator>> SessionFactory::Restore(
    const TaskSettings& task, ByteView snapshot) {
  SOTTO_ASSIGN_OR_RETURN(std::unique_ptr<InputFolder> inputs,
                         InputFolder::Open(UploadsOf(uploads_, task)));
  return secure_agg::ServerSession::Restore(snapshot, key_, std::move(inputs));
}

}  // namespace sotto::server
