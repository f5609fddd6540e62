// Page-aligned memory for decrypted models: locked if the limit allows, left
// out of core dumps, emptied in forked children, wiped on release.

#ifndef SOTTO_MODEL_STORE_CONTAINER_LOCKED_MEMORY_H_
#define SOTTO_MODEL_STORE_CONTAINER_LOCKED_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "base/bytes.h"

namespace sotto::model_store {

// What was really achieved: locking weights is best effort.
struct LoadReport {
  std::size_t total_bytes = 0;
  std::size_t locked_bytes = 0;
  bool dontdump = false;
  bool wipe_on_fork = false;
};

class LockedMemory {
 public:
  // RESOURCE_EXHAUSTED: the system gives no such mapping.
  static absl::StatusOr<LockedMemory> Create(std::size_t size);

  LockedMemory(LockedMemory&& other) noexcept;
  LockedMemory& operator=(LockedMemory&& other) noexcept;
  ~LockedMemory();

  std::span<std::uint8_t> bytes() const { return {data_, size_}; }
  const LoadReport& report() const { return report_; }

 private:
  LockedMemory() = default;
  void Release();

  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  LoadReport report_;
};

}  // namespace sotto::model_store

#endif  // SOTTO_MODEL_STORE_CONTAINER_LOCKED_MEMORY_H_
