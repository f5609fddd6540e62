// A loop shared among threads that live as long as it does: for work of
// milliseconds and more. Kernels have a pool of their own (runtime/host).

#ifndef SOTTO_BASE_PARALLEL_H_
#define SOTTO_BASE_PARALLEL_H_

#include <cstddef>
#include <functional>

namespace sotto {

// What the machine has, at most 16.
unsigned DefaultWorkers();

// body(0) ... body(count - 1), each once, in any order, on at most `workers`
// threads of which the caller's is one; returns when all are done. 0 and 1
// worker are the caller alone. `body` must not throw.
void ParallelFor(unsigned workers, std::size_t count,
                 const std::function<void(std::size_t)>& body);

}  // namespace sotto

#endif  // SOTTO_BASE_PARALLEL_H_
