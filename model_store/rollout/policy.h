// What a rollout may do at most, signed offline as a target of the models
// repository: {"max_step_bp": 5000, "min_dwell_ms": 60000}. Devices enforce it,
// so a stolen coordinator cannot move everybody at once.

#ifndef SOTTO_MODEL_STORE_ROLLOUT_POLICY_H_
#define SOTTO_MODEL_STORE_ROLLOUT_POLICY_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "model_store/rollout/document.h"

namespace sotto::model_store {

struct RolloutPolicy {
  std::uint32_t max_step_bp = 1000;  // largest increase of the share at once
  std::int64_t min_dwell_ms = 86400000;  // between two increases
};

// INVALID_ARGUMENT: no such JSON object, an unknown field, a value out of
// range.
absl::StatusOr<RolloutPolicy> ParseRolloutPolicy(ByteView json);

// Whether a device that holds `previous` (as bytes) may follow `next`.
// PERMISSION_DENIED: an older or equal sequence number, a chain that does not
// fit, a signing time in the future, a step or dwell that breaks the policy, a
// new base release that was not rolled out to everybody. A move to reverting is
// always allowed.
//
// A device that missed documents grants the steps that the policy would have
// allowed in the time between the two: one, and one more each dwell.
absl::Status CheckSuccessor(ByteView previous, const RolloutDocument& next,
                            const RolloutPolicy& policy, UnixTime now);

}  // namespace sotto::model_store

#endif  // SOTTO_MODEL_STORE_ROLLOUT_POLICY_H_
