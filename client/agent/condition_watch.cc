#include "client/agent/condition_watch.h"

#include <chrono>

#include "client/policy/work_conditions.h"

namespace sotto::client {
namespace {

constexpr std::chrono::milliseconds kInterruptInterval{50};
constexpr int kReadingsEvery = 20;  // interrupt intervals: one second

}  // namespace

ConditionWatch::ConditionWatch(DeviceConditions& conditions,
                               const LocalPolicy& policy,
                               const Interrupt& interrupt)
    : conditions_(conditions),
      policy_(policy),
      interrupt_(interrupt),
      thread_([this] { Watch(); }) {}

ConditionWatch::~ConditionWatch() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  ending_.notify_all();
  thread_.join();
}

void ConditionWatch::Watch() {
  std::unique_lock lock(mutex_);
  for (int i = 0; !ended_; ++i) {
    if (interrupt_.raised() ||
        (i % kReadingsEvery == 0 &&
         !CheckConditions(conditions_.Read(), policy_).ok())) {
      cancelled_.store(true);
      return;
    }
    ending_.wait_for(lock, kInterruptInterval, [&] { return ended_; });
  }
}

}  // namespace sotto::client
