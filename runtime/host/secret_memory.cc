#include "runtime/host/secret_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

namespace sotto::runtime {
namespace {

// The pages that the bytes lie on, whole.
struct Pages {
  void* begin;
  std::size_t bytes;
};

Pages PagesOf(const std::uint8_t* data, std::size_t bytes) {
  static const auto kPage = static_cast<std::uintptr_t>(::getpagesize());
  const auto address = reinterpret_cast<std::uintptr_t>(data);
  const std::uintptr_t first = address / kPage * kPage;
  const std::uintptr_t last = (address + bytes + kPage - 1) / kPage * kPage;
  return {reinterpret_cast<void*>(first), last - first};
}

}  // namespace

std::shared_ptr<const void> GuardSecret(std::uint8_t* data, std::size_t bytes) {
  if (data == nullptr || bytes == 0) return nullptr;
  const Pages pages = PagesOf(data, bytes);
  (void)::mlock(pages.begin, pages.bytes);
  (void)::madvise(pages.begin, pages.bytes, MADV_DONTDUMP);
  return {data, [bytes, pages](std::uint8_t* secret) {
            ::explicit_bzero(secret, bytes);
            (void)::munlock(pages.begin, pages.bytes);
          }};
}

}  // namespace sotto::runtime
