// Time as an injected dependency. `Now` is wall time for expiry and records,
// `Monotonic` is for durations. Thread-safe.

#ifndef SOTTO_BASE_CLOCK_H_
#define SOTTO_BASE_CLOCK_H_

#include <chrono>
#include <cstdint>
#include <mutex>

namespace sotto {

using UnixTime = std::chrono::time_point<std::chrono::system_clock,
                                         std::chrono::milliseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual UnixTime Now() = 0;
  virtual std::chrono::nanoseconds Monotonic() = 0;
  // Blocks the calling thread; a fake clock returns when it was advanced.
  virtual void SleepFor(std::chrono::milliseconds duration) = 0;

  std::int64_t NowMillis() { return Now().time_since_epoch().count(); }
};

// The process's real clock; never destroyed.
Clock& SystemClock();

// Stands still until told otherwise. SleepFor advances it, so single-threaded
// simulations never wait.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(UnixTime start) : now_(start) {}
  UnixTime Now() override;
  std::chrono::nanoseconds Monotonic() override;
  void SleepFor(std::chrono::milliseconds duration) override {
    Advance(duration);
  }
  void Advance(std::chrono::milliseconds duration);

 private:
  std::mutex mutex_;
  UnixTime now_;
  std::chrono::milliseconds elapsed_{0};
};

}  // namespace sotto

#endif  // SOTTO_BASE_CLOCK_H_
