#include "runtime/host/aligned_buffer.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>

namespace sotto::runtime {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;
// What a last huge page must hold to be one: it costs as much time as 128 small
// pages, and what it does not hold costs resident memory.
constexpr std::size_t kMinHuge = kHugePage * 5 / 8;
// Smaller buffers come from the heap, as all do under a sanitizer, which then
// watches their ends.
#if defined(__has_feature)
#define SOTTO_HAS_FEATURE(name) __has_feature(name)
#else
#define SOTTO_HAS_FEATURE(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || SOTTO_HAS_FEATURE(address_sanitizer)
constexpr std::size_t kMinMapped = ~std::size_t{0};
#else
constexpr std::size_t kMinMapped = std::size_t{64} << 10;
#endif

std::size_t RoundUp(std::size_t n, std::size_t unit) {
  return (n + unit - 1) / unit * unit;
}

// Whole pages of zeros at the start of a huge one; null: the system has none.
std::uint8_t* Map(std::size_t bytes) {
  void* const mapped =
      ::mmap(nullptr, bytes + kHugePage, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  auto* start = static_cast<std::uint8_t*>(mapped);
  const auto address = reinterpret_cast<std::uintptr_t>(start);
  const std::size_t before = RoundUp(address, kHugePage) - address;
  if (before > 0) ::munmap(start, before);
  start += before;
  if (before < kHugePage) ::munmap(start + bytes, kHugePage - before);
  return start;
}

// Huge pages come when they are used, since zeros that leave the cache before
// cost more than the fault (MobileNet v1 f32: 0.8 ms); the small ones at once.
void Populate(std::uint8_t* start, std::size_t bytes) {
  const std::size_t huge = bytes / kHugePage * kHugePage;
  if (huge > 0) (void)::madvise(start, huge, MADV_HUGEPAGE);
#if defined(MADV_POPULATE_WRITE)
  (void)::madvise(start + huge, bytes - huge, MADV_POPULATE_WRITE);
#endif
}

}  // namespace

void AlignedFree::operator()(std::uint8_t* bytes) const {
  if (mapped > 0) {
    ::munmap(bytes, mapped);
  } else {
    ::operator delete (bytes, std::align_val_t{AlignedBuffer::kAlignment});
  }
}

void AlignedBuffer::Allocate(std::size_t bytes) {
  static const auto kPage = static_cast<std::size_t>(::getpagesize());
  bytes_.reset();
  capacity_ = 0;
  const std::size_t want = bytes + kAlignment;
  if (want >= kMinMapped) {
    const bool huge = want % kHugePage >= kMinHuge;
    const std::size_t pages = RoundUp(want, huge ? kHugePage : kPage);
    std::uint8_t* const fresh = Map(pages);
    if (fresh == nullptr) throw std::bad_alloc();
    Populate(fresh, pages);
    bytes_ = {fresh, AlignedFree{pages}};
  } else {
    bytes_ = {static_cast<std::uint8_t*>(
                  ::operator new (want, std::align_val_t{kAlignment})),
              AlignedFree{}};
  }
  capacity_ = bytes;
}

std::uint8_t* AlignedBuffer::Reserve(std::size_t bytes) {
  if (bytes > capacity_ || bytes_ == nullptr) Allocate(bytes);
  return bytes_.get();
}

std::uint8_t* AlignedBuffer::ReserveZeros(std::size_t bytes) {
  Allocate(bytes);
  if (bytes_.get_deleter().mapped == 0) std::memset(bytes_.get(), 0, bytes);
  return bytes_.get();
}

}  // namespace sotto::runtime
