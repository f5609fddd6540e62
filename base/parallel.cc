#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace sotto {

unsigned DefaultWorkers() {
  return std::clamp(std::thread::hardware_concurrency(), 1u, 16u);
}

void ParallelFor(unsigned workers, std::size_t count,
                 const std::function<void(std::size_t)>& body) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) body(i);
  };
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < std::min<std::size_t>(workers, count); ++i) {
    others.emplace_back(work);
  }
  work();
}

}  // namespace sotto
