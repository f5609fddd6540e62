// The owner's key at rest, mode 0600 (docs/formats/watermark_registry.md).

#ifndef SOTTO_WATERMARK_EVIDENCE_KEY_FILE_H_
#define SOTTO_WATERMARK_EVIDENCE_KEY_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "watermark/evidence/owner_key.h"

namespace sotto::watermark {

// Total. INVALID_ARGUMENT: not a watermark key. UNIMPLEMENTED: protected in a
// way that this build does not know.
absl::StatusOr<OwnerKey> ParseOwnerKey(ByteView bytes);

// ALREADY_EXISTS: the file is there; a key is never overwritten.
absl::Status WriteOwnerKeyFile(const std::string& path, const OwnerKey& key);
// Errors of ReadFile and ParseOwnerKey; messages start with the path.
absl::StatusOr<OwnerKey> ReadOwnerKeyFile(const std::string& path);

}  // namespace sotto::watermark

#endif  // SOTTO_WATERMARK_EVIDENCE_KEY_FILE_H_
