// Conditions that a test or a simulation sets. Thread-safe.

#ifndef SOTTO_CLIENT_POLICY_SCRIPTED_CONDITIONS_H_
#define SOTTO_CLIENT_POLICY_SCRIPTED_CONDITIONS_H_

#include <mutex>

#include "sotto/conditions.h"

namespace sotto::client {

class ScriptedConditions final : public DeviceConditions {
 public:
  ConditionReadings Read() override {
    const std::lock_guard lock(mutex_);
    return readings_;
  }
  void Set(const ConditionReadings& readings) {
    const std::lock_guard lock(mutex_);
    readings_ = readings;
  }

 private:
  std::mutex mutex_;
  ConditionReadings readings_;
};

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_POLICY_SCRIPTED_CONDITIONS_H_
