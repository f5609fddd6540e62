#include "model_store/rollout/assignment.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/status.h"
#include "model_store/rollout/condition.h"
#include "nlohmann/json.hpp"

namespace sotto::model_store {

std::uint32_t Fnv1a32(std::string_view text) {
  std::uint32_t hash = 0x811c9dc5u;
  for (const char c : text) {
    hash ^= static_cast<std::uint8_t>(c);
    hash *= 0x01000193u;
  }
  return hash;
}

std::optional<double> BucketHash(std::string_view seed, std::string_view value,
                                 int version) {
  if (version == 2) {
    const std::string inner =
        std::to_string(Fnv1a32(std::string(seed) + std::string(value)));
    return (Fnv1a32(inner) % 10000) / 10000.0;
  }
  if (version == 1) {
    return (Fnv1a32(std::string(value) + std::string(seed)) % 1000) / 1000.0;
  }
  return std::nullopt;
}

std::vector<double> EqualWeights(int count) {
  if (count < 1) return {};
  return std::vector<double>(static_cast<std::size_t>(count), 1.0 / count);
}

std::vector<BucketRange> BucketRanges(std::size_t count, double coverage,
                                      const std::vector<double>& weights) {
  coverage = std::clamp(coverage, 0.0, 1.0);
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  const bool usable = weights.size() == count && total >= 0.99 && total <= 1.01;
  const std::vector<double> shares =
      usable ? weights : EqualWeights(static_cast<int>(count));
  std::vector<BucketRange> ranges;
  double start = 0;
  for (const double share : shares) {
    ranges.emplace_back(start, start + coverage * share);
    start += share;
  }
  return ranges;
}

int ChooseVariation(double n, const std::vector<BucketRange>& ranges) {
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (n >= ranges[i].first && n < ranges[i].second) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

bool InNamespace(std::string_view value, const RolloutNamespace& name_space) {
  const double n = *BucketHash("__" + name_space.id, value, 1);
  return n >= name_space.low && n < name_space.high;
}

absl::StatusOr<Assignment> Assign(const RolloutDocument& d,
                                  const std::string& device,
                                  const std::string& attributes_json) {
  Assignment result;
  result.release = d.base_release;
  if (d.state == RolloutState::kReverting || d.state == RolloutState::kDone) {
    result.reason = "rollout is " + RolloutStateName(d.state);
    return result;
  }
  if (!d.condition.empty()) {
    const auto condition = ParseConditionJson(d.condition);
    const auto attributes =
        ParseConditionJson(attributes_json.empty() ? "{}" : attributes_json);
    SOTTO_RETURN_IF_ERROR(Annotate(condition.status(), "rollout: condition"));
    SOTTO_RETURN_IF_ERROR(Annotate(attributes.status(), "rollout: attributes"));
    if (!EvaluateCondition(*attributes, *condition)) {
      result.reason = "the condition does not hold";
      return result;
    }
  }
  if (d.name_space.has_value() && !InNamespace(device, *d.name_space)) {
    result.reason = "outside the namespace " + d.name_space->id;
    return result;
  }
  // Different seeds: with one hash for both, arms would be skewed inside a
  // small gate.
  const double gate = *BucketHash(d.salt + "/gate", device, 2);
  if (std::lround(gate * 10000) >= static_cast<long>(d.step_bp)) {
    result.reason =
        absl::StrFormat("gate %.4f is outside %.4f", gate, d.step_bp / 10000.0);
    return result;
  }
  const double bucket = *BucketHash(d.salt + "/arm", device, 2);
  const long bp = std::lround(bucket * 10000);
  for (const RolloutArm& arm : d.arms) {
    if (bp >= static_cast<long>(arm.start_bp) &&
        bp <
            static_cast<long>(arm.start_bp) + static_cast<long>(arm.width_bp)) {
      result.arm = arm.name;
      result.release = arm.release;
      result.reason =
          absl::StrFormat("gate %.4f, arm bucket %.4f", gate, bucket);
      return result;
    }
  }
  result.reason = absl::StrFormat("arm bucket %.4f is in no arm", bucket);
  return result;
}

}  // namespace sotto::model_store
