#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/status.h"

namespace sotto {
namespace {

absl::Status FromErrno(int error, const std::string& path, const char* verb) {
  const std::string message =
      absl::StrFormat("cannot %s '%s': %s", verb, path, std::strerror(error));
  switch (error) {
    case ENOENT:
      return absl::NotFoundError(message);
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(message);
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return absl::ResourceExhaustedError(message);
    case EISDIR:
    case ENOTDIR:
    case ENAMETOOLONG:
      return absl::InvalidArgumentError(message);
    default:
      return absl::UnavailableError(message);
  }
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

absl::Status WriteAll(int fd, ByteView bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FromErrno(errno, path, "write");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return absl::OkStatus();
}

std::string ParentOf(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

}  // namespace

absl::StatusOr<Bytes> ReadFile(const std::string& path,
                               std::uint64_t max_bytes) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return FromErrno(errno, path, "read");
  Bytes bytes;
  for (;;) {
    const std::size_t old_size = bytes.size();
    constexpr std::size_t kStep = 1 << 18;
    bytes.resize(old_size + kStep);
    const ssize_t got = ::read(file.get(), bytes.data() + old_size, kStep);
    if (got < 0 && errno == EINTR) {
      bytes.resize(old_size);
      continue;
    }
    if (got < 0) return FromErrno(errno, path, "read");
    bytes.resize(old_size + static_cast<std::size_t>(got));
    if (got == 0) return bytes;
    if (bytes.size() > max_bytes) {
      return absl::ResourceExhaustedError(absl::StrFormat(
          "'%s' is larger than the limit of %d bytes", path, max_bytes));
    }
  }
}

absl::StatusOr<std::string> ReadTextFile(const std::string& path,
                                         std::uint64_t max_bytes) {
  SOTTO_ASSIGN_OR_RETURN(const Bytes bytes, ReadFile(path, max_bytes));
  return ToString(bytes);
}

absl::Status WriteFileAtomically(const std::string& path, ByteView bytes,
                                 FileMode mode) {
  std::string temporary = path + ".XXXXXX";
  const Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.get() < 0) return FromErrno(errno, path, "create");
  absl::Status status = WriteAll(file.get(), bytes, temporary);
  if (status.ok() && ::fchmod(file.get(), static_cast<mode_t>(mode)) != 0) {
    status = FromErrno(errno, temporary, "set the mode of");
  }
  if (status.ok() && ::fdatasync(file.get()) != 0) {
    status = FromErrno(errno, temporary, "sync");
  }
  if (status.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) {
    status = FromErrno(errno, path, "replace");
  }
  if (!status.ok()) {
    ::unlink(temporary.c_str());
    return status;
  }
  const Descriptor folder(
      ::open(ParentOf(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() >= 0) ::fsync(folder.get());
  return absl::OkStatus();
}

absl::Status MakeFolder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return FromErrno(error.value(), path, "create folder");
  return absl::OkStatus();
}

bool FileExists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

absl::Status RemoveFile(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return FromErrno(errno, path, "remove");
}

absl::StatusOr<std::uint64_t> FileSize(const std::string& path) {
  struct stat info = {};
  if (::stat(path.c_str(), &info) != 0) return FromErrno(errno, path, "stat");
  return static_cast<std::uint64_t>(info.st_size);
}

}  // namespace sotto
