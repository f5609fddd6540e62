// Threads of one interpreter. They spin for a bounded time after work, because
// the next operator follows within microseconds, then sleep.
//
// Run is called by one thread at a time.

#ifndef SOTTO_RUNTIME_HOST_THREAD_POOL_H_
#define SOTTO_RUNTIME_HOST_THREAD_POOL_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace sotto::runtime {

class ThreadPool {
 public:
  using Task = void (*)(const void* closure, std::size_t begin, std::size_t end,
                        int worker);

  // `threads` counts the caller; at least 1.
  explicit ThreadPool(int threads);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool();

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // task over disjoint ranges that cover [0, count), each but the last a
  // multiple of `grain`. Returns when all are done. Loops that would take less
  // than 100 us on one thread stay on the caller: waking a thread costs 5 to
  // 50 us, more when its core is busy.
  void Run(std::size_t count, std::size_t grain, std::size_t cost_ns, Task task,
           const void* closure);

 private:
  void Work(int worker);
  void TakeRanges(int worker);

  // The job; written while no worker is active, published by `epoch_`.
  Task task_ = nullptr;
  const void* closure_ = nullptr;
  std::size_t count_ = 0, step_ = 0;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<std::uint32_t> epoch_ = 0;  // odd: a job is open
  std::atomic<int> active_ = 0;           // workers inside a job
  std::atomic<bool> stopping_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_HOST_THREAD_POOL_H_
