#include "client/policy/work_conditions.h"

#include <string>

#include "absl/strings/str_format.h"

namespace sotto::client {
namespace {

constexpr double kIdleLoadPerCore = 0.5;

absl::Status NotNow(const std::string& why) {
  return absl::FailedPreconditionError("not now: " + why);
}

}  // namespace

absl::Status CheckConditions(const ConditionReadings& readings,
                             const LocalPolicy& policy) {
  if (!policy.allow_training) return NotNow("training is not allowed here");
  // A device without a battery runs on mains.
  const bool charging = readings.charging.value_or(!readings.battery);
  if (policy.require_charging && !charging) {
    return NotNow("the device is not charging");
  }
  if (!charging && readings.battery && *readings.battery < policy.min_battery) {
    return NotNow(absl::StrFormat("the battery is at %.0f %%, %.0f %% needed",
                                  *readings.battery * 100,
                                  policy.min_battery * 100));
  }
  if (policy.require_idle &&
      (!readings.load || *readings.load > kIdleLoadPerCore)) {
    return NotNow("the device is not idle");
  }
  if (readings.overheated.value_or(false)) return NotNow("the device is hot");
  if (readings.metered.value_or(false) && !policy.allow_metered) {
    return NotNow("the network is metered");
  }
  if (readings.free_storage_bytes &&
      *readings.free_storage_bytes < policy.min_free_storage_bytes) {
    return NotNow(absl::StrFormat("%d bytes of storage are free, %d needed",
                                  *readings.free_storage_bytes,
                                  policy.min_free_storage_bytes));
  }
  return absl::OkStatus();
}

}  // namespace sotto::client
