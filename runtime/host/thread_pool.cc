#include "runtime/host/thread_pool.h"

#include <algorithm>
#include <chrono>

namespace sotto::runtime {
namespace {

constexpr std::size_t kMinParallelNs = 100'000;
// Ranges a thread: enough to balance a busy core, few enough to stay cheap.
constexpr std::size_t kRangesPerThread = 4;
// Longer than the gap between two operators, far shorter than a time slice.
constexpr std::chrono::microseconds kSpin{20};

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Spins while `value` reads `old`, for kSpin at most.
template <typename T>
void SpinWhile(const std::atomic<T>& value, T old) {
  const auto end = std::chrono::steady_clock::now() + kSpin;
  while (value.load(std::memory_order_acquire) == old) {
    for (int i = 0; i < 32; ++i) Pause();
    if (std::chrono::steady_clock::now() >= end) return;
  }
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  for (int i = 1; i < threads; ++i) {
    workers_.emplace_back([this, i] { Work(i); });
  }
}

ThreadPool::~ThreadPool() {
  stopping_ = true;
  epoch_ += 2;
  epoch_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::TakeRanges(int worker) {
  while (true) {
    const std::size_t begin = next_.fetch_add(step_, std::memory_order_relaxed);
    if (begin >= count_) return;
    task_(closure_, begin, std::min(count_, begin + step_), worker);
  }
}

void ThreadPool::Run(std::size_t count, std::size_t grain, std::size_t cost_ns,
                     Task task, const void* closure) {
  if (count == 0) return;
  grain = std::max<std::size_t>(grain, 1);
  if (workers_.empty() || cost_ns < kMinParallelNs || count <= grain) {
    task(closure, 0, count, 0);
    return;
  }
  const std::size_t pieces =
      static_cast<std::size_t>(threads()) * kRangesPerThread;
  const std::size_t grains = (count + grain - 1) / grain;
  task_ = task;
  closure_ = closure;
  count_ = count;
  step_ = std::max<std::size_t>(1, grains / pieces) * grain;
  next_.store(0, std::memory_order_relaxed);
  epoch_.fetch_add(1);  // open
  epoch_.notify_all();
  TakeRanges(0);
  epoch_.fetch_add(1);  // closed: who has not entered by now stays out
  // All ranges are taken; those who took some finish them.
  for (int busy = active_.load(); busy != 0; busy = active_.load()) {
    SpinWhile(active_, busy);
    if (active_.load() == busy) active_.wait(busy);
  }
}

void ThreadPool::Work(int worker) {
  std::uint32_t seen = 0;
  while (true) {
    SpinWhile(epoch_, seen);
    epoch_.wait(seen);
    seen = epoch_.load();
    if (stopping_) return;
    if (seen % 2 == 0) continue;
    // Announce, then look again: the caller closes the epoch before it reads
    // `active_`, so either it sees this worker or this worker sees it closed.
    active_.fetch_add(1);
    if (epoch_.load() == seen) TakeRanges(worker);
    if (active_.fetch_sub(1) == 1) active_.notify_all();
  }
}

}  // namespace sotto::runtime
