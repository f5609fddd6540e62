// Whether the device may train now: readings judged by the local policy.

#ifndef SOTTO_CLIENT_POLICY_WORK_CONDITIONS_H_
#define SOTTO_CLIENT_POLICY_WORK_CONDITIONS_H_

#include "absl/status/status.h"
#include "sotto/conditions.h"
#include "sotto/config.h"

namespace sotto::client {

// OK, or FAILED_PRECONDITION that names the first condition that is not met.
// What the system does not say does not hold the device back, except a policy
// of `require_charging` and `require_idle`, which want a reading.
absl::Status CheckConditions(const ConditionReadings& readings,
                             const LocalPolicy& policy);

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_POLICY_WORK_CONDITIONS_H_
