#include "model_store/container/locked_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "crypto/secret.h"

namespace sotto::model_store {

absl::StatusOr<LockedMemory> LockedMemory::Create(std::size_t size) {
  LockedMemory memory;
  memory.size_ = size;
  memory.report_.total_bytes = size;
  if (size == 0) return memory;
  void* mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) {
    return absl::ResourceExhaustedError(absl::StrFormat(
        "no memory for a model of %d bytes", static_cast<std::int64_t>(size)));
  }
  memory.data_ = static_cast<std::uint8_t*>(mapped);
  if (::mlock(mapped, size) == 0) memory.report_.locked_bytes = size;
  memory.report_.dontdump = ::madvise(mapped, size, MADV_DONTDUMP) == 0;
  memory.report_.wipe_on_fork = ::madvise(mapped, size, MADV_WIPEONFORK) == 0;
  return memory;
}

LockedMemory::LockedMemory(LockedMemory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      report_(other.report_) {}

LockedMemory& LockedMemory::operator=(LockedMemory&& other) noexcept {
  if (this != &other) {
    Release();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    report_ = other.report_;
  }
  return *this;
}

LockedMemory::~LockedMemory() { Release(); }

void LockedMemory::Release() {
  if (data_ == nullptr) return;
  crypto::Wipe({data_, size_});
  ::munmap(data_, size_);  // unlocks too
  data_ = nullptr;
}

}  // namespace sotto::model_store
