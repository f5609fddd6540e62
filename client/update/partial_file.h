// A file that grows at chosen offsets and becomes visible by one rename.

#ifndef SOTTO_CLIENT_UPDATE_PARTIAL_FILE_H_
#define SOTTO_CLIENT_UPDATE_PARTIAL_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"

namespace sotto::client {

// Closes the file when destroyed; keeps it on disk. Moves only.
class PartialFile {
 public:
  // Creates it with mode 0600, or opens what an earlier attempt left, and makes
  // it `length_bytes` long. RESOURCE_EXHAUSTED: the disk is full. UNAVAILABLE:
  // other I/O errors; messages name the path.
  static absl::StatusOr<PartialFile> Open(const std::string& path,
                                          std::uint64_t length_bytes);
  PartialFile(PartialFile&& other) noexcept;
  PartialFile& operator=(PartialFile&&) = delete;
  ~PartialFile();

  // Durable when OK.
  absl::Status WriteAt(std::uint64_t offset, ByteView bytes);
  // Renames it to `path` and syncs the folder.
  absl::Status Publish(const std::string& path);

 private:
  PartialFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  absl::Status Fail(const char* verb) const;

  int fd_;
  std::string path_;
};

}  // namespace sotto::client

#endif  // SOTTO_CLIENT_UPDATE_PARTIAL_FILE_H_
