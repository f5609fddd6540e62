// Watches the device's conditions while it trains, once a second, and asks the
// training to stop as soon as they are lost or the client is stopping.

#ifndef SOTTO_CLIENT_AGENT_CONDITION_WATCH_H_
#define SOTTO_CLIENT_AGENT_CONDITION_WATCH_H_

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "client/agent/interrupt.h"
#include "sotto/conditions.h"
#include "sotto/config.h"

namespace sotto::client {

// Starts a thread; the destructor ends it. Conditions and interrupt outlive the
// watch.
class ConditionWatch {
 public:
  ConditionWatch(DeviceConditions& conditions, const LocalPolicy& policy,
                 const Interrupt& interrupt);
  ~ConditionWatch();

  // Set at the latest a second after a condition is lost, and at the latest
  // 50 ms after the interrupt.
  const std::atomic<bool>& cancelled() const { return cancelled_; }

 private:
  void Watch();

  DeviceConditions& conditions_;
  const LocalPolicy policy_;
  const Interrupt& interrupt_;
  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
  std::condition_variable ending_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_AGENT_CONDITION_WATCH_H_
