// Asks the agent's thread to end what it is doing. Thread-safe.

#ifndef SOTTO_CLIENT_AGENT_INTERRUPT_H_
#define SOTTO_CLIENT_AGENT_INTERRUPT_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace sotto::client {

class Interrupt {
 public:
  void Raise() {
    {
      const std::lock_guard lock(mutex_);
      raised_.store(true);
    }
    changed_.notify_all();
  }
  void Clear() { raised_.store(false); }
  bool raised() const { return raised_.load(); }
  const std::atomic<bool>& flag() const { return raised_; }

  // True when it was raised before `duration` had passed.
  bool Sleep(std::chrono::milliseconds duration) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, duration, [&] { return raised_.load(); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> raised_{false};
};

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_AGENT_INTERRUPT_H_
