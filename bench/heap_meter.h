// Counts the bytes that one part of a program holds on the heap, wherever in
// the program they are freed. Linking heap_meter.cc replaces operator new.

#ifndef SOTTO_BENCH_HEAP_METER_H_
#define SOTTO_BENCH_HEAP_METER_H_

#include <cstddef>

namespace sotto::bench {

// While one lives, what its thread allocates with operator new is counted. Not
// counted: malloc, and types of an alignment above 16.
class HeapCharge {
 public:
  HeapCharge();
  ~HeapCharge();
  HeapCharge(const HeapCharge&) = delete;
  HeapCharge& operator=(const HeapCharge&) = delete;

 private:
  bool before_;
};

// Bytes that were counted and are not yet freed; without allocator overhead.
std::size_t ChargedBytes();
// The most of them since the last call of ResetChargedPeak.
std::size_t ChargedPeak();
void ResetChargedPeak();

}  // namespace sotto::bench

#endif  // SOTTO_BENCH_HEAP_METER_H_
