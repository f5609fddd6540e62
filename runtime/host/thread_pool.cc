#include "runtime/host/thread_pool.h"

#include <algorithm>
#include <chrono>

namespace sotto::runtime {
namespace {

constexpr std::size_t kMinShareNs = 5'000;
// Doubled by each call to wake up after which no worker came in time.
constexpr std::int64_t kMinWakeNs = 100'000, kMaxWakeNs = 3'200'000;
// Pieces a thread: enough to balance a busy core, few enough to stay cheap;
// none below kMinPieceNs, since taking one costs 0.1 us.
constexpr std::size_t kPiecesPerThread = 4;
constexpr std::size_t kMinPieceNs = 2'000;
// About what waking a worker takes, far shorter than a time slice. Loops no
// further apart make a run.
constexpr std::int64_t kSpinNs = 50'000;
// Gains that a loss may use up before it silences the pool.
constexpr std::int64_t kMaxCredit = 200'000;
constexpr std::int64_t kQuietPerLoss = 16;
// In place of a number of pieces: the workers are to end.
constexpr std::uint32_t kStop = ~std::uint32_t{0};

std::int64_t Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Spins while `value` reads `old`, for kSpinNs at most.
void SpinWhile(const std::atomic<std::uint32_t>& value, std::uint32_t old) {
  const std::int64_t end = Now() + kSpinNs;
  do {
    for (int i = 0; i < 16; ++i) {
      if (value.load(std::memory_order_acquire) != old) return;
      Pause();
    }
  } while (Now() < end);
}

}  // namespace

ThreadPool::Balance::Balance() : credit_(kMaxCredit) {}

void ThreadPool::Balance::Add(std::int64_t gained, std::int64_t now) {
  credit_ = std::min(credit_ + gained, kMaxCredit);
  if (credit_ >= 0) return;
  quiet_until_ = now - credit_ * kQuietPerLoss;
  credit_ = 0;
}

ThreadPool::ThreadPool(int threads) : wake_after_(kMinWakeNs) {
  for (int i = 1; i < threads; ++i) {
    workers_.emplace_back([this, i] { Work(i); });
  }
}

ThreadPool::~ThreadPool() {
  left_.store(kStop, std::memory_order_relaxed);
  wakes_.fetch_add(1);
  wakes_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

bool ThreadPool::TakePiece(int worker) {
  std::uint32_t left = left_.load(std::memory_order_acquire);
  do {
    if (left == 0 || left == kStop) return false;
    // A count of another job than was read is as good: what is taken is a piece
    // of the job that is open now.
  } while (
      !left_.compare_exchange_weak(left, left - 1, std::memory_order_acquire));
  const std::size_t begin = (pieces_ - left) * step_;
  task_(closure_, begin, std::min(count_, begin + step_), worker);
  return true;
}

void ThreadPool::Run(std::size_t count, std::size_t grain, std::size_t cost_ns,
                     Task task, const void* closure) {
  if (count == 0) return;
  grain = std::max<std::size_t>(grain, 1);
  if (workers_.empty() || cost_ns < kMinShareNs || count <= grain) {
    task(closure, 0, count, 0);
    return;
  }
  const std::int64_t start = Now();
  const auto cost =
      static_cast<std::int64_t>(std::min<std::size_t>(cost_ns, 1'000'000'000));
  // Twice: costs are estimates.
  if (start - loop_start_ > 2 * loop_cost_ + kSpinNs) run_cost_ = 0;
  loop_start_ = start;
  loop_cost_ = cost;
  run_cost_ += cost;
  const bool wake = run_cost_ >= wake_after_;
  if (!balance_.Allows(start) || (!wake && awake() == 0)) {
    task(closure, 0, count, 0);
    return;
  }
  if (wake) {
    run_cost_ = 0;
    wake_after_ = std::min(2 * wake_after_, kMaxWakeNs);
  }
  const auto workers = static_cast<std::size_t>(threads());
  const std::size_t pieces =
      std::clamp(cost_ns / kMinPieceNs, workers, workers * kPiecesPerThread);
  const std::size_t grains = (count + grain - 1) / grain;
  step_ = (grains + pieces - 1) / pieces * grain;
  pieces_ = static_cast<std::uint32_t>((count + step_ - 1) / step_);
  task_ = task;
  closure_ = closure;
  count_ = count;
  Share(wake);
}

void ThreadPool::Share(bool wake) {
  done_.store(0, std::memory_order_relaxed);
  left_.store(pieces_, std::memory_order_release);
  if (wake && awake() < static_cast<int>(workers_.size())) {
    wakes_.fetch_add(1);
    wakes_.notify_all();
  }
  const std::int64_t start = Now();
  std::uint32_t own = 0;
  while (TakePiece(0)) ++own;
  const std::int64_t own_end = Now();
  // All pieces are taken; the workers finish theirs.
  const std::uint32_t theirs = pieces_ - own;
  for (std::uint32_t done = done_.load(std::memory_order_acquire);
       done != theirs; done = done_.load(std::memory_order_acquire)) {
    SpinWhile(done_, done);
    done_.wait(done, std::memory_order_acquire);
  }
  if (theirs == 0) return;
  wake_after_ = kMinWakeNs;
  if (own == 0) return;
  const std::int64_t end = Now();
  const std::int64_t alone = (own_end - start) * pieces_ / own;
  balance_.Add(alone - (end - start), end);
}

void ThreadPool::Work(int worker) {
  awake_.fetch_add(1, std::memory_order_relaxed);
  while (true) {
    SpinWhile(left_, 0);
    // Not on left_: whom the job that woke it did not wait for stays awake for
    // the next.
    const std::uint32_t wakes = wakes_.load(std::memory_order_acquire);
    if (left_.load(std::memory_order_acquire) == 0) {
      awake_.fetch_sub(1, std::memory_order_relaxed);
      wakes_.wait(wakes, std::memory_order_acquire);
      awake_.fetch_add(1, std::memory_order_relaxed);
    }
    while (TakePiece(worker)) {
      done_.fetch_add(1, std::memory_order_release);
      done_.notify_one();
    }
    if (left_.load(std::memory_order_relaxed) == kStop) return;
  }
}

}  // namespace sotto::runtime
