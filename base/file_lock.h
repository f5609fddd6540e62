// A lock between processes on one file, so that a folder or a database has one
// owner. Thread-safe as far as each object has one user.

#ifndef SOTTO_BASE_FILE_LOCK_H_
#define SOTTO_BASE_FILE_LOCK_H_

#include <string>

#include "absl/status/statusor.h"

namespace sotto {

// Held until destroyed; a killed process releases it. Moves only. The file
// stays: removing it would let two holders in.
class FileLock {
 public:
  // Creates the file, mode 0600. FAILED_PRECONDITION: another holder, here or
  // in another process. UNAVAILABLE: the file cannot be opened.
  static absl::StatusOr<FileLock> Acquire(const std::string& path);
  FileLock(FileLock&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace sotto

#endif  // SOTTO_BASE_FILE_LOCK_H_
