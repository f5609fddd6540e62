#include "runtime/host/aligned_buffer.h"

#include <sys/mman.h>

#include <new>

namespace sotto::runtime {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

}  // namespace

void AlignedFree::operator()(std::uint8_t* bytes) const {
  ::operator delete (bytes, std::align_val_t{alignment});
}

std::uint8_t* AlignedBuffer::Reserve(std::size_t bytes) {
  if (bytes <= capacity_ && bytes_ != nullptr) return bytes_.get();
  bytes_.reset();
  const std::size_t want = bytes + kAlignment;
  const std::size_t alignment = want >= kHugePage ? kHugePage : kAlignment;
  auto* const fresh = static_cast<std::uint8_t*>(
      ::operator new (want, std::align_val_t{alignment}));
  // Whole huge pages only: rounding up would cost resident memory.
  if (alignment == kHugePage) {
    (void)::madvise(fresh, want / kHugePage * kHugePage, MADV_HUGEPAGE);
  }
  bytes_ = {fresh, AlignedFree{alignment}};
  capacity_ = bytes;
  return fresh;
}

}  // namespace sotto::runtime
