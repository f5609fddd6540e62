// Threads of one interpreter. They spin for a bounded time after work, because
// the next operator follows within microseconds, then sleep.
//
// Run is called by one thread at a time. Whether it shares a loop out:
//
//   below 5 us                never
//   some worker is spinning   yes: it has a piece 0.1 us later
//   all are asleep            only where the loop, or the run of loops that it
//                             belongs to, takes 100 us: waking a worker costs
//                             the caller 2 to 7 us, and the worker runs 20 to
//                             35 us later, milliseconds where cores are busy.
//                             Each call that nobody follows in time doubles
//                             the 100 us, up to 3.2 ms.
//   sharing has cost time     no, for 16 times as long as was lost
//
// The last row, too, is for busy cores. A worker whose core is taken away while
// it holds a piece keeps the caller waiting for a time slice, milliseconds,
// however small the piece is. So each shared loop is measured: what it took,
// against the caller's own pieces scaled up to the whole. Gains pay for losses
// up to 0.2 ms.

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
  // Workers that are spinning or working.
  int awake() const { return awake_.load(std::memory_order_relaxed); }

  // task over disjoint ranges that cover [0, count), each but the last a
  // multiple of `grain`. Returns when all are done. `cost_ns`: what the whole
  // loop takes on one thread, roughly.
  void Run(std::size_t count, std::size_t grain, std::size_t cost_ns, Task task,
           const void* closure);

 private:
  // What sharing loops out has gained lately, in nanoseconds.
  class Balance {
   public:
    Balance();
    bool Allows(std::int64_t now) const { return now >= quiet_until_; }
    void Add(std::int64_t gained, std::int64_t now);

   private:
    std::int64_t credit_;
    std::int64_t quiet_until_ = 0;
  };

  void Work(int worker);
  // Takes and runs one piece; false: none is left.
  bool TakePiece(int worker);
  void Share(bool wake);

  // The caller's alone.
  Balance balance_;
  std::int64_t loop_start_ = 0, loop_cost_ = 0, run_cost_ = 0;
  std::int64_t wake_after_;  // cost of the run

  // The job: written while no piece is left or in work, published by `left_`.
  // What the workers poll lies beside what they read next.
  alignas(64) std::atomic<std::uint32_t> left_ = 0;  // pieces not yet taken
  std::uint32_t pieces_ = 0;
  Task task_ = nullptr;
  const void* closure_ = nullptr;
  std::size_t count_ = 0, step_ = 0;
  alignas(64) std::atomic<std::uint32_t> done_ = 0;  // pieces of workers
  std::atomic<std::uint32_t> wakes_ = 0;             // calls to those asleep
  std::atomic<int> awake_ = 0;
  std::vector<std::thread> workers_;
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_HOST_THREAD_POOL_H_
