#include "model_store/rollout/policy.h"

#include <algorithm>

#include "base/status.h"
#include "model_store/tuf/canonical_json.h"
#include "nlohmann/json.hpp"

namespace sotto::model_store {
namespace {

constexpr std::uint32_t kFull = 10000;
constexpr std::int64_t kClockSlackMs = 5 * 60 * 1000;

absl::Status Refuse(const RolloutDocument& next, const std::string& what) {
  return absl::PermissionDeniedError(
      absl::StrFormat("rollout of '%s', document %d: %s", next.model,
                      static_cast<std::int64_t>(next.seq), what));
}

// The share of the population that may run something else than the base.
std::uint32_t ShareOf(const RolloutDocument& d) {
  const bool open =
      d.state == RolloutState::kRunning || d.state == RolloutState::kHeld;
  return open ? d.step_bp : 0;
}

// The part of those inside that runs `release`.
std::uint32_t WidthOf(const RolloutDocument& d, std::uint64_t release) {
  std::uint32_t width = 0;
  for (const RolloutArm& arm : d.arms) {
    if (arm.release == release) width += arm.width_bp;
  }
  return width;
}

}  // namespace

absl::StatusOr<RolloutPolicy> ParseRolloutPolicy(ByteView text) {
  SOTTO_ASSIGN_OR_RETURN(const nlohmann::json json, ParseStrictJson(text));
  RolloutPolicy policy;
  if (!json.is_object()) {
    return absl::InvalidArgumentError("rollout policy: not a JSON object");
  }
  for (const auto& [key, value] : json.items()) {
    if (!value.is_number_integer() || value.get<std::int64_t>() < 0) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "rollout policy: '%s' is no whole number of at least 0", key));
    }
    const auto number = value.get<std::int64_t>();
    if (key == "max_step_bp" && number <= kFull) {
      policy.max_step_bp = static_cast<std::uint32_t>(number);
    } else if (key == "min_dwell_ms") {
      policy.min_dwell_ms = number;
    } else {
      return absl::InvalidArgumentError(
          absl::StrFormat("rollout policy: '%s' is unknown or too large", key));
    }
  }
  return policy;
}

absl::Status CheckSuccessor(ByteView previous_bytes,
                            const RolloutDocument& next,
                            const RolloutPolicy& policy, UnixTime now) {
  SOTTO_ASSIGN_OR_RETURN(const RolloutDocument previous,
                         DecodeRollout(previous_bytes));
  if (next.app != previous.app || next.model != previous.model) {
    return Refuse(next, "it is for another app or model");
  }
  if (next.seq <= previous.seq) {
    return Refuse(next,
                  absl::StrFormat("this device follows document %d already",
                                  static_cast<std::int64_t>(previous.seq)));
  }
  const std::uint64_t gap = next.seq - previous.seq;
  if (gap == 1 &&
      !std::ranges::equal(next.prev_digest, crypto::Sha256(previous_bytes))) {
    return Refuse(next, "it does not continue the document before it");
  }
  if (next.signed_at_ms < previous.signed_at_ms ||
      next.signed_at_ms > now.time_since_epoch().count() + kClockSlackMs) {
    return Refuse(next,
                  "its signing time is before its predecessor's or in "
                  "the future");
  }
  const std::int64_t elapsed = next.signed_at_ms - previous.signed_at_ms;
  const bool same_rollout = next.salt == previous.salt;
  const std::uint32_t before = same_rollout ? ShareOf(previous) : 0;
  const std::uint32_t after = ShareOf(next);
  // A rollout's first step is free; each further one takes a dwell, however
  // many documents it is spread over.
  const std::uint64_t by_time =
      policy.min_dwell_ms == 0
          ? kFull
          : static_cast<std::uint64_t>(elapsed / policy.min_dwell_ms) +
                (before == 0 ? 1 : 0);
  const std::uint64_t steps =
      std::min<std::uint64_t>({gap, by_time, std::uint64_t{kFull}});
  const std::uint64_t reachable = before + steps * policy.max_step_bp;
  if (next.base_release != previous.base_release &&
      !(ShareOf(previous) == kFull &&
        WidthOf(previous, next.base_release) >= kFull / 2) &&
      (gap == 1 ? policy.max_step_bp : reachable) < kFull) {
    return Refuse(next,
                  "it promotes a release that was not rolled out to "
                  "everybody");
  }
  if (next.state == RolloutState::kReverting) return absl::OkStatus();
  // Else a wide arm could change its release, or a condition that held for
  // nobody be dropped, with no step at all.
  if (before > 0 && after > 0 &&
      (next.arms != previous.arms || next.condition != previous.condition ||
       next.name_space != previous.name_space)) {
    return Refuse(next,
                  "the arms, condition or namespace of a rollout that is under "
                  "way change");
  }
  if (after > before && before > 0 && steps == 0) {
    return Refuse(next, "its step comes sooner than the policy allows");
  }
  if (after > before && after > reachable) {
    return Refuse(next,
                  absl::StrFormat("a step from %d to %d of 10000, the policy "
                                  "allows %d at once",
                                  before, after, policy.max_step_bp));
  }
  return absl::OkStatus();
}

}  // namespace sotto::model_store
