#include "runtime/loader/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/status.h"

namespace sotto::runtime {
namespace {

absl::Status FromErrno(int error, const std::string& path) {
  const std::string message =
      absl::StrFormat("cannot read '%s': %s", path, std::strerror(error));
  switch (error) {
    case ENOENT:
      return absl::NotFoundError(message);
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(message);
    case ENOMEM:
      return absl::ResourceExhaustedError(message);
    case ENOTDIR:
    case ENAMETOOLONG:
      return absl::InvalidArgumentError(message);
    default:
      return absl::UnavailableError(message);
  }
}

absl::StatusOr<MappedFile> MapDescriptor(int fd, const std::string& path) {
  struct stat info = {};
  if (::fstat(fd, &info) != 0) return FromErrno(errno, path);
  if (!S_ISREG(info.st_mode)) {
    return absl::FailedPreconditionError("no regular file");
  }
  if (info.st_size == 0) return MappedFile{};
  const auto size = static_cast<std::size_t>(info.st_size);
  void* const start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (start == MAP_FAILED) return FromErrno(errno, path);
  MappedFile out;
  out.bytes = {static_cast<const std::uint8_t*>(start), size};
  out.owner = std::shared_ptr<const void>(
      start, [size](void* mapped) { ::munmap(mapped, size); });
  return out;
}

}  // namespace

absl::StatusOr<MappedFile> MapFile(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return FromErrno(errno, path);
  absl::StatusOr<MappedFile> out = MapDescriptor(fd, path);
  ::close(fd);  // the mapping stays
  return out;
}

}  // namespace sotto::runtime
