#include "client/agent/condition_watch.h"

#include <chrono>

#include "client/policy/scripted_conditions.h"
#include "gtest/gtest.h"

namespace sotto::client {
namespace {

using std::chrono::milliseconds;

// True when it is set within `limit`.
bool SetWithin(const std::atomic<bool>& flag, milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!flag.load()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return true;
}

TEST(ConditionWatch, NothingIsCancelledWhileTheConditionsHold) {
  ScriptedConditions conditions;
  Interrupt interrupt;
  const ConditionWatch watch(conditions, {}, interrupt);
  EXPECT_FALSE(SetWithin(watch.cancelled(), milliseconds(120)));
}

TEST(ConditionWatch, ALostConditionCancels) {
  ScriptedConditions conditions;
  Interrupt interrupt;
  const ConditionWatch watch(conditions, {}, interrupt);
  conditions.Set({.overheated = true});
  EXPECT_TRUE(SetWithin(watch.cancelled(), milliseconds(3000)));
}

TEST(ConditionWatch, AnInterruptCancelsWithinAHundredMilliseconds) {
  ScriptedConditions conditions;
  Interrupt interrupt;
  const ConditionWatch watch(conditions, {}, interrupt);
  interrupt.Raise();
  EXPECT_TRUE(SetWithin(watch.cancelled(), milliseconds(100)));
}

}  // namespace
}  // namespace sotto::client
