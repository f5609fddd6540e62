#include "client/update/partial_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/status.h"

namespace sotto::client {

absl::Status PartialFile::Fail(const char* verb) const {
  const std::string message = absl::StrFormat(
      "cannot %s '%s': %s", verb, path_, std::string(std::strerror(errno)));
  return errno == ENOSPC || errno == EDQUOT
             ? absl::ResourceExhaustedError(message)
             : absl::UnavailableError(message);
}

absl::StatusOr<PartialFile> PartialFile::Open(const std::string& path,
                                              std::uint64_t length_bytes) {
  PartialFile file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600),
                   path);
  if (file.fd_ < 0) return file.Fail("open");
  if (ftruncate(file.fd_, static_cast<off_t>(length_bytes)) != 0) {
    return file.Fail("resize");
  }
  return file;
}

PartialFile::PartialFile(PartialFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

PartialFile::~PartialFile() {
  if (fd_ >= 0) close(fd_);
}

absl::Status PartialFile::WriteAt(std::uint64_t offset, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Fail("write");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return fdatasync(fd_) == 0 ? absl::OkStatus() : Fail("sync");
}

absl::Status PartialFile::Publish(const std::string& path) {
  if (fsync(fd_) != 0) return Fail("sync");
  if (std::rename(path_.c_str(), path.c_str()) != 0) return Fail("rename");
  const std::string folder = std::filesystem::path(path).parent_path();
  const int fd = open(folder.empty() ? "." : folder.c_str(),
                      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Fail("sync the folder of");
  const int synced = fsync(fd);
  close(fd);
  return synced == 0 ? absl::OkStatus() : Fail("sync the folder of");
}

}  // namespace sotto::client
