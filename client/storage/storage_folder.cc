#include "client/storage/storage_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/status.h"

namespace sotto::client {

absl::StatusOr<StorageLock> StorageLock::Acquire(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return absl::UnavailableError(absl::StrFormat(
        "cannot open '%s': %s", path, std::string(std::strerror(errno))));
  }
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    close(fd);
    return absl::FailedPreconditionError(absl::StrFormat(
        "'%s' is locked: another process runs this device; stop it first",
        path));
  }
  return StorageLock(fd);
}

StorageLock& StorageLock::operator=(StorageLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

StorageLock::~StorageLock() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace sotto::client
