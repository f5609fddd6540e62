#include "base/clock.h"

#include <thread>

namespace sotto {
namespace {

class RealClock final : public Clock {
 public:
  UnixTime Now() override {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now());
  }
  std::chrono::nanoseconds Monotonic() override {
    return std::chrono::steady_clock::now().time_since_epoch();
  }
  void SleepFor(std::chrono::milliseconds duration) override {
    std::this_thread::sleep_for(duration);
  }
};

}  // namespace

Clock& SystemClock() {
  static auto* const clock = new RealClock;
  return *clock;
}

UnixTime FakeClock::Now() {
  const std::lock_guard lock(mutex_);
  return now_;
}

std::chrono::nanoseconds FakeClock::Monotonic() {
  const std::lock_guard lock(mutex_);
  return elapsed_;
}

void FakeClock::Advance(std::chrono::milliseconds duration) {
  const std::lock_guard lock(mutex_);
  now_ += duration;
  elapsed_ += duration;
}

}  // namespace sotto
