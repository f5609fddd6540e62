#include "server/rounds/input_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_format.h"
#include "base/file.h"
#include "base/status.h"

namespace sotto::server {
namespace {

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags)
      : number_(open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  int number() const { return number_; }

 private:
  int number_;
};

absl::Status SystemError(const std::string& path) {
  const int code = errno;
  const std::string what = absl::StrFormat("'%s': %s", path, strerror(code));
  if (code == ENOSPC || code == EDQUOT) {
    return absl::ResourceExhaustedError(what);
  }
  return absl::UnavailableError(what);
}

}  // namespace

absl::StatusOr<std::unique_ptr<InputFolder>> InputFolder::Open(
    const std::string& path) {
  SOTTO_RETURN_IF_ERROR(MakeFolder(path));
  return std::unique_ptr<InputFolder>(new InputFolder(path));
}

absl::StatusOr<std::unique_ptr<InputFolder>> InputFolder::Clear(
    const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) {
    return absl::UnavailableError(
        absl::StrFormat("'%s': %s", path, error.message()));
  }
  return Open(path);
}

std::string InputFolder::FileOf(std::uint32_t member) const {
  return absl::StrFormat("%s/%d.part", path_, member);
}

absl::StatusOr<std::uint64_t> InputFolder::Size(std::uint32_t member) {
  struct stat found = {};
  const std::string path = FileOf(member);
  if (stat(path.c_str(), &found) == 0) {
    return static_cast<std::uint64_t>(found.st_size);
  }
  if (errno == ENOENT) return 0;
  return SystemError(path);
}

absl::Status InputFolder::Append(std::uint32_t member, ByteView bytes) {
  const std::string path = FileOf(member);
  SOTTO_ASSIGN_OR_RETURN(const std::uint64_t before, Size(member));
  const Descriptor file(path, O_WRONLY | O_CREAT | O_APPEND);
  if (file.number() < 0) return SystemError(path);
  while (!bytes.empty()) {
    const ssize_t written = write(file.number(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const absl::Status error = SystemError(path);
      // The chunk comes again, whole.
      if (ftruncate(file.number(), static_cast<off_t>(before)) != 0) {
        Drop(member);
      }
      return error;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status InputFolder::Read(std::uint32_t member, std::uint64_t offset,
                               std::span<std::uint8_t> out) {
  const std::string path = FileOf(member);
  const Descriptor file(path, O_RDONLY);
  if (file.number() < 0) return SystemError(path);
  while (!out.empty()) {
    const ssize_t got = pread(file.number(), out.data(), out.size(),
                              static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError(path);
    if (got == 0) {
      return absl::DataLossError(
          absl::StrFormat("'%s': shorter than it was", path));
    }
    offset += static_cast<std::uint64_t>(got);
    out = out.subspan(static_cast<std::size_t>(got));
  }
  return absl::OkStatus();
}

void InputFolder::Drop(std::uint32_t member) { unlink(FileOf(member).c_str()); }

}  // namespace sotto::server
