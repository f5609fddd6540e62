// A file mapped into memory, read-only and private.

#ifndef SOTTO_RUNTIME_LOADER_MAPPED_FILE_H_
#define SOTTO_RUNTIME_LOADER_MAPPED_FILE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"

namespace sotto::runtime {

struct MappedFile {
  ByteView bytes;
  std::shared_ptr<const void> owner;  // unmaps when the last copy goes
};

// Pages come from the file as they are touched. A file that is replaced by
// another (renamed over) keeps its old contents here; one that another process
// cuts short while it is mapped ends this process with SIGBUS on the next
// touch, which no check can prevent: writers must rename, as
// WriteFileAtomically does.
//
// Errors of ReadFile. FAILED_PRECONDITION: no regular file, so not mappable.
absl::StatusOr<MappedFile> MapFile(const std::string& path);

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_LOADER_MAPPED_FILE_H_
