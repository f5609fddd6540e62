// Files: whole reads, atomic writes, folders. Paths are UTF-8.
//
// NOT_FOUND: no such file. PERMISSION_DENIED: not readable or writable.
// RESOURCE_EXHAUSTED: disk full, or larger than `max_bytes`. UNAVAILABLE: other
// I/O errors. Every message names the path.

#ifndef SOTTO_BASE_FILE_H_
#define SOTTO_BASE_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"

namespace sotto {

inline constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 31;

absl::StatusOr<Bytes> ReadFile(const std::string& path,
                               std::uint64_t max_bytes = kMaxFileBytes);
absl::StatusOr<std::string> ReadTextFile(
    const std::string& path, std::uint64_t max_bytes = kMaxFileBytes);

enum class FileMode : std::uint16_t {
  kPublic = 0644,
  kPrivate = 0600,  // keys and device state
};

// Writes a temporary file beside `path`, syncs it, renames it over `path` and
// syncs the folder: after a kill at any instruction the path holds the old
// bytes or the new ones, never a mixture.
absl::Status WriteFileAtomically(const std::string& path, ByteView bytes,
                                 FileMode mode = FileMode::kPublic);
inline absl::Status WriteFileAtomically(const std::string& path,
                                        std::string_view text,
                                        FileMode mode = FileMode::kPublic) {
  return WriteFileAtomically(path, AsBytes(text), mode);
}

// Creates the folder and its parents; OK when it exists.
absl::Status MakeFolder(const std::string& path);
bool FileExists(const std::string& path);
// OK when the file is absent already.
absl::Status RemoveFile(const std::string& path);
absl::StatusOr<std::uint64_t> FileSize(const std::string& path);

}  // namespace sotto

#endif  // SOTTO_BASE_FILE_H_
