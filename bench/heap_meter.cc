#include "bench/heap_meter.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace sotto::bench {
namespace {

// Before each block: how many bytes of it are counted. Keeps the alignment that
// malloc gives.
constexpr std::size_t kHeader = 16;

thread_local bool charging = false;
std::atomic<std::size_t> charged = 0, peak = 0;

}  // namespace

HeapCharge::HeapCharge() : before_(charging) { charging = true; }
HeapCharge::~HeapCharge() { charging = before_; }

std::size_t ChargedBytes() { return charged; }
std::size_t ChargedPeak() { return peak; }
void ResetChargedPeak() { peak = charged.load(); }

void* Allocate(std::size_t size) {
  void* const block = std::malloc(size + kHeader);
  if (block == nullptr) std::abort();
  const std::size_t counted = charging ? size : 0;
  *static_cast<std::size_t*>(block) = counted;
  if (counted != 0) {
    const std::size_t now = charged += counted;
    std::size_t most = peak;
    while (now > most && !peak.compare_exchange_weak(most, now)) {
    }
  }
  return static_cast<char*>(block) + kHeader;
}

void Free(void* pointer) {
  if (pointer == nullptr) return;
  void* const block = static_cast<char*>(pointer) - kHeader;
  charged -= *static_cast<std::size_t*>(block);
  std::free(block);
}

}  // namespace sotto::bench

void* operator new(std::size_t size) { return sotto::bench::Allocate(size); }
void* operator new[](std::size_t size) { return sotto::bench::Allocate(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return sotto::bench::Allocate(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return sotto::bench::Allocate(size);
}
void operator delete(void* pointer) noexcept { sotto::bench::Free(pointer); }
void operator delete[](void* pointer) noexcept { sotto::bench::Free(pointer); }
void operator delete(void* pointer, std::size_t) noexcept {
  sotto::bench::Free(pointer);
}
void operator delete[](void* pointer, std::size_t) noexcept {
  sotto::bench::Free(pointer);
}
void operator delete(void* pointer, const std::nothrow_t&) noexcept {
  sotto::bench::Free(pointer);
}
void operator delete[](void* pointer, const std::nothrow_t&) noexcept {
  sotto::bench::Free(pointer);
}
